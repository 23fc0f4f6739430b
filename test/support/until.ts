import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds until it gives up. Default 5000. */
  timeoutMs?: number;
  /** Milliseconds between two looks. Default 10. */
  every?: number;
}

/**
 * Asks again and again until the answer is truthy, and returns that answer.
 *
 * @throws Error after the deadline, with the last answer or the last error that `fn` threw
 */
export async function until<T>(
  fn: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5000, every = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { answer, error } = await attempt(fn);
    if (answer) return answer;
    if (performance.now() > deadline) {
      const last = error instanceof Error ? error.message : JSON.stringify(answer);
      throw new Error(`Not so after ${timeoutMs} ms; at last: ${last}`, { cause: error });
    }
    await sleep(every);
  }
}

async function attempt<T>(fn: () => T | Promise<T>): Promise<{ answer?: T; error?: unknown }> {
  try {
    return { answer: await fn() };
  } catch (error) {
    return { error };
  }
}
