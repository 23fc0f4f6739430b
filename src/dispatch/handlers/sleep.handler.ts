import { setTimeout as sleep } from 'node:timers/promises';
import { SLEEP } from '../../task-types/task-types.js';
import { type HandlerContext, Handles, type TaskTypeHandler } from './task-type-handler.js';

interface SleepPayload {
  readonly seconds?: number;
  readonly duration_seconds?: number;
  /** Milliseconds. */
  readonly duration?: number;
}

@Handles(SLEEP)
export class SleepHandler implements TaskTypeHandler {
  async run(payload: SleepPayload, { signal }: HandlerContext): Promise<object> {
    const ms = durationMs(payload);
    await sleep(ms, undefined, { signal });
    return { slept_for: ms / 1000 };
  }
}

function durationMs({ seconds, duration_seconds, duration = 1000 }: SleepPayload): number {
  const given = seconds ?? duration_seconds;
  return given === undefined ? duration : given * 1000;
}
