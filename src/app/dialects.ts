import type { Type } from '@nestjs/common';
import type { Config } from '../config/config.js';

/** The dialects that this process speaks: of the API half, and those that the configuration names. */
export async function dialectsOf({ service, dialects }: Config): Promise<Type[]> {
  if (service.mode === 'worker') return [];
  const modules: Type[] = [];
  if (dialects.enabled.includes('flask')) {
    modules.push((await import('../dialects/flask-worker/flask-worker.module.js')).FlaskWorkerModule);
  }
  if (dialects.enabled.includes('taskqueue')) {
    modules.push((await import('../dialects/task-queue-go/task-queue-go.module.js')).TaskQueueGoModule);
  }
  return modules;
}
