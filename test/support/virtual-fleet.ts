import { Logger } from '@nestjs/common';
import { loadConfig } from '../../src/config/load-config.js';
import { judgeHost } from '../../src/dispatch/judge-host.js';
import { settle } from '../../src/dispatch/settle.js';
import { CircuitSweep } from '../../src/queue/worker/circuit-sweep.js';
import { TaskNews } from '../../src/queue/task-news.js';
import { type HostChange, HostChanges } from '../../src/queue/gates/host-changes.js';
import { stepSettings } from '../../src/queue/queue-rules.js';
import type { ClaimedTask, Handled } from '../../src/queue/task-handler.js';
import { RunningTasks } from '../../src/queue/worker/running-tasks.js';
import type { SettledTask } from '../../src/queue/worker/settled-task.js';
import { type FetchedTask, step, type StepSettings } from '../../src/queue/worker/step.js';
import type { Outcome } from '../../src/task/outcome.js';
import { hostOf } from './memory-circuits.js';
import type { ManualClock } from './manual-clock.js';
import type { QueueHarness } from './queue-harness.js';

/** What a target does with a call, and how long that takes in milliseconds. */
export type Target = (
  claimed: ClaimedTask,
  now: number,
) => { readonly outcome: Outcome; readonly takesMs: number };

/** A call that a target got. */
export interface Call {
  readonly at: number;
  readonly worker: number;
  readonly taskId: string;
  readonly host: string;
  readonly attempt: number;
  readonly isProbe: boolean;
  readonly class: Outcome['class'];
}

interface Flight {
  readonly endsAt: number;
  readonly worker: number;
  readonly settled: SettledTask;
}

interface Worker {
  readonly settings: StepSettings;
  running: number;
  nextLook: number;
}

/** Never sleeps for longer, as the dispatchers. */
const LOOKS_AGAIN_MS = 5000;

/**
 * Workers that live by a clock of the test: the scripts, what becomes of attempts and what these say of their hosts are
 * the product's own, only the targets are made up. An hour takes seconds, and every run is the same.
 */
export class VirtualFleet {
  readonly calls: Call[] = [];
  readonly changes: (HostChange & { readonly at: number })[] = [];
  turns = 0;
  private acts = 0;
  private readonly workers: Worker[];
  private readonly flights: Flight[] = [];
  private readonly running: RunningTasks;
  private readonly sweep: CircuitSweep;

  constructor(
    private readonly harness: QueueHarness,
    private readonly clock: ManualClock,
    private readonly target: Target,
    private readonly size: {
      readonly workers: number;
      readonly concurrency: number;
      readonly environment?: Record<string, string>;
    },
  ) {
    const config = loadConfig(size.environment ?? {});
    const looks = { running: 0, nextLook: 0 };
    this.workers = Array.from({ length: size.workers }, (_, nth) => ({
      settings: stepSettings(config, `dispatcher-${nth}`),
      ...looks,
    }));
    const handle = (claimed: ClaimedTask) => Promise.resolve(this.handle(claimed));
    this.running = new RunningTasks({ handle }, new Logger(), clock, new TaskNews());
    const hostChanges = new HostChanges();
    hostChanges.subscribe((change) => this.changes.push({ ...change, at: clock.now() }));
    this.sweep = new CircuitSweep(harness.redis, clock, this.workers[0]!.settings.breaker, hostChanges);
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** Lets time pass until something holds; at most so much. */
  async until(holds: () => boolean, atMostMs: number): Promise<void> {
    const end = this.clock.now() + atMostMs;
    for (;;) {
      await this.act();
      if (holds() || this.clock.now() >= end) return;
      this.clock.advance(Math.max(1, Math.min(end, this.nextEvent()) - this.clock.now()));
    }
  }

  /** Everybody who has something to do does it, until nobody has, at this moment. */
  private async act(): Promise<void> {
    await this.sweep.sweep();
    await this.answerMarkers();
    this.acts++;
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (let n = 0; n < this.workers.length; n++) {
        // Not always the same one first.
        const nth = (this.acts + n) % this.workers.length;
        const landed = this.land(nth);
        if (landed.length === 0 && this.looksAt(this.workers[nth]!) > this.clock.now()) continue;
        isBusy = true;
        await this.turn(nth, landed);
      }
    }
  }

  private nextEvent(): number {
    const looks = this.workers.map((worker) => this.looksAt(worker));
    return Math.min(...looks, ...this.flights.map(({ endsAt }) => endsAt));
  }

  /** Whoever has no slot left leaves work to the others. */
  private looksAt({ running, nextLook }: Worker): number {
    return running < this.size.concurrency ? nextLook : Infinity;
  }

  /** They tell all who sleep that there is work. */
  private async answerMarkers(): Promise<void> {
    if ((await this.harness.redis.del(...MARKERS)) === 0) return;
    for (const worker of this.workers) worker.nextLook = this.clock.now();
  }

  private land(worker: number): SettledTask[] {
    const now = this.clock.now();
    const landed = this.flights.filter((flight) => flight.worker === worker && flight.endsAt <= now);
    for (const flight of landed) this.flights.splice(this.flights.indexOf(flight), 1);
    return landed.map(({ settled }) => settled);
  }

  private async turn(nth: number, settled: SettledTask[]): Promise<void> {
    const worker = this.workers[nth]!;
    worker.running -= settled.length;
    const request = {
      id: `request-${++this.turns}`,
      capacity: this.size.concurrency - worker.running,
      settled,
      laneTimes: [0, 0, 0, 0],
      laneCharges: [1, 1, 1, 1],
    };
    const now = this.clock.now();
    const reply = await step(this.harness.redis, worker.settings, request, now);
    for (const change of reply.circuitChanges) this.changes.push({ ...change, at: now });
    for (const fetched of reply.fetched) await this.begin(nth, fetched);
    worker.running += reply.fetched.length;
    worker.nextLook = now + Math.min(reply.nextDueMs ?? Infinity, LOOKS_AGAIN_MS);
    await this.answerMarkers();
  }

  private async begin(worker: number, fetched: FetchedTask): Promise<void> {
    const settled = await this.running.run(fetched);
    const { attempt } = settled;
    this.calls.push({
      ...{
        at: this.clock.now(),
        worker,
        taskId: fetched.task.id,
        host: hostOf(fetched.task),
        attempt: attempt.number,
      },
      ...{ isProbe: fetched.probeOf !== undefined, class: attempt.class },
    });
    this.flights.push({ endsAt: attempt.endedAt, worker, settled });
  }

  private handle(claimed: ClaimedTask): Handled {
    const startedAt = this.clock.now();
    const { outcome, takesMs } = this.target(claimed, startedAt);
    const endedAt = startedAt + takesMs;
    const verdict = judgeHost(outcome, { ms: takesMs, usualMs: takesMs });
    const settlement = settle(outcome, { ...claimed, verdict }, { now: endedAt, random: 0.5 });
    const attempt = {
      ...{ number: claimed.attempt, startedAt, endedAt, class: outcome.class, timings: { totalMs: takesMs } },
      ...(claimed.isProbe && { isProbe: true as const }),
    };
    return { attempt, settlement, verdict };
  }
}

const MARKERS = ['critical', 'high', 'default', 'low'].map((lane) => `{tr}:${lane}:marker`);

export const answers = (status: number, retryAfterMs?: number): Outcome =>
  status < 300
    ? { class: 'succeeded', status }
    : { class: 'rejected', status, noRetry: false, ...(retryAfterMs !== undefined && { retryAfterMs }) };

export const REFUSES: Outcome = {
  class: 'not_sent',
  error: { code: 'connect_failed', message: 'connect ECONNREFUSED' },
  noRetry: false,
};
