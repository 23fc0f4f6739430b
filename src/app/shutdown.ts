import { Logger } from '@nestjs/common';

export type Step = readonly [name: string, run: () => Promise<unknown>];

/**
 * Runs the steps one after the other, whatever one of them does.
 *
 * @returns whether all of it was done within `deadlineMs`; otherwise the caller should end the process: with Redis away
 * a step may wait for ever, and what it leaves behind is recovered as after a crash
 */
export async function runInOrder(steps: readonly Step[], deadlineMs: number): Promise<boolean> {
  const logger = new Logger('Shutdown');
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, deadlineMs);
  });
  const inTime = await Promise.race([runAll(steps, logger).then(() => true), late]);
  clearTimeout(timer);
  if (!inTime) logger.warn('not done by the deadline; unfinished tasks run again on another worker');
  return inTime;
}

async function runAll(steps: readonly Step[], logger: Logger): Promise<void> {
  for (const [step, run] of steps) {
    const started = performance.now();
    try {
      await run();
      logger.log({ step, ms: Math.round(performance.now() - started) }, 'shutdown step done');
    } catch (error) {
      logger.error({ err: error as Error, step }, 'shutdown step failed');
    }
  }
}
