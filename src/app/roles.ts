import type { Type } from '@nestjs/common';
import type { Mode } from '../config/service-settings.js';
import type { Half } from './half.js';

/**
 * The one branch on MODE: which halves this process loads. Each is imported only when its role asks for it, so that a
 * worker carries no routes of the API and no Swagger UI, and an API no outgoing HTTP. (What is shared brings the decorators
 * of @nestjs/swagger along.)
 */
export async function halvesOf(mode: Mode): Promise<Type<Half>[]> {
  const halves: Type<Half>[] = [];
  if (mode !== 'worker') halves.push((await import('./api.module.js')).ApiModule);
  if (mode !== 'api') halves.push((await import('./worker.module.js')).WorkerModule);
  return halves;
}
