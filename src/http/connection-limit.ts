import type { Server } from 'node:http';
import { Logger } from '@nestjs/common';

const LOG_INTERVAL_MS = 5000;

/**
 * Takes at most so many connections at a time; one more is ended at once, without an answer: to say no costs what is to be
 * saved. The log says how many were, at most once in an interval, at its end.
 */
export function limitConnections(
  server: Server,
  most: number,
  { logger = new Logger('Http'), logIntervalMs = LOG_INTERVAL_MS } = {},
): void {
  let refused = 0;
  const tell = (): void => {
    logger.warn(`${refused} connections refused: ${most} are open, as many as may be (MAX_CONNECTIONS)`);
    refused = 0;
  };
  server.maxConnections = most;
  server.on('drop', () => {
    if (refused++ === 0) setTimeout(tell, logIntervalMs).unref();
  });
}
