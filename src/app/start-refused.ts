import { RedisUnreachable } from '../redis/redis-connections.js';

/** The start failed for a reason that one line tells whoever started it; a stack would only hide that. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

/** Redis that does not answer is nobody's bug, either. */
export function startFailure(error: unknown): unknown {
  return error instanceof RedisUnreachable ? new StartRefused(error.message) : error;
}

/** Why the server cannot listen, in words where there are better ones than those of the system. */
export function listenFailure(error: unknown, port: number): unknown {
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  return isTaken ? new StartRefused(`Port ${port} is in use; set PORT to another one.`) : error;
}
