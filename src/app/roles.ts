import type { Type } from '@nestjs/common';
import type { Mode } from '../config/config.js';

/** One half of the product, as far as starting and stopping go. The API half has nothing to do for either. */
export interface Half {
  start?(): void;
  /** Takes no new work; lets what runs finish for so many milliseconds, then hands it back. */
  drain?(deadlineMs: number): Promise<void>;
}

/**
 * The one branch on MODE: which halves this process loads. Each is imported only when its role asks for it, so that a
 * worker carries no OpenAPI and an API no outgoing HTTP.
 */
export async function halvesOf(mode: Mode): Promise<Type<Half>[]> {
  const halves: Type<Half>[] = [];
  if (mode !== 'worker') halves.push((await import('./api.module.js')).ApiModule);
  if (mode !== 'api') halves.push((await import('./worker.module.js')).WorkerModule);
  return halves;
}
