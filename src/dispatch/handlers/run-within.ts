import type { AbortHandle } from '../../queue/abort-handle.js';
import type { HandlerReply } from './handler-reply.js';
import { resultText } from './result-text.js';
import { PermanentFailure } from './task-type-handler.js';

/** Beyond this setTimeout fires at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;
const MOST_MESSAGE = 1000;

type Untimed<T> = T extends unknown ? Omit<T, 'timings'> : never;

/**
 * Does work under the rules of a call: one deadline over all of it, and an end at once when it is called off. Work that does
 * not heed its signal goes on behind the attempt, and nobody hears of it.
 *
 * @returns never rejects
 */
export function runWithin(
  timeoutMs: number,
  abort: AbortHandle,
  work: (signal: AbortSignal) => unknown,
): Promise<HandlerReply> {
  const startedAt = performance.now();
  const controller = new AbortController();
  return new Promise((resolve) => {
    const end = (reply: Untimed<HandlerReply>): void => {
      clearTimeout(timer);
      abort.onAbort(undefined);
      resolve({ ...reply, timings: { totalMs: performance.now() - startedAt } });
    };
    const stop = (code: 'timeout' | 'aborted', message: string): void => {
      end({ kind: 'failed', stage: 'ambiguous', code, message });
      controller.abort(new Error(message));
    };
    const timer = setTimeout(
      () => {
        stop('timeout', `Not done within ${timeoutMs} ms`);
      },
      Math.min(timeoutMs, MAX_DELAY_MS),
    );
    abort.onAbort(() => {
      stop('aborted', 'The attempt was called off');
    });
    if (abort.aborted) stop('aborted', 'The attempt was called off');
    else
      settled(work, controller.signal).then(end, (error: unknown) => {
        end(threw(error));
      });
  });
}

async function settled(
  work: (signal: AbortSignal) => unknown,
  signal: AbortSignal,
): Promise<Untimed<HandlerReply>> {
  const result = resultText(await work(signal));
  return { kind: 'returned', ...(result !== undefined && { result }) };
}

function threw(error: unknown): Untimed<HandlerReply> {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const permanent = error instanceof PermanentFailure;
  return { kind: 'threw', code: 'handler_failed', message: message.slice(0, MOST_MESSAGE), permanent };
}
