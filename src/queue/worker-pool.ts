import type { ComponentHealth } from '../health/health-registry.js';
import type { HostChanges } from './gates/host-changes.js';
import type { TaskNews } from './task-news.js';

/** A task that runs. */
export interface RunningTask {
  readonly id: string;
  readonly queue: string;
  readonly clientId: string;
  readonly type: string;
  /** The host that is called, with its port if it names one; '' when none is. */
  readonly host: string;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  /** When it began, Unix milliseconds. */
  readonly since: number;
}

/** What a pool does now. */
export interface PoolLoad {
  /** Attempts that have ended since it was started. */
  readonly done: number;
  /** Longest first. */
  readonly running: readonly RunningTask[];
  /** Slot time that attempts have taken since it was started, milliseconds. */
  readonly busyMs: number;
  /** How long attempts take, a moving average in milliseconds; nothing before one has ended. */
  readonly meanMs: number | undefined;
}

/** Told of what a pool does. */
export interface PoolMeter {
  /** A round trip to the store: so many tasks were settled and fetched. */
  turned(settled: number, fetched: number): void;
  /** So many tasks of lost workers were put back. */
  recovered(tasks: number): void;
}

/** The loop that takes due tasks from the store and gives them to the handler. */
export abstract class WorkerPool {
  /** Told when what this process does opens or closes the circuit of a host. */
  abstract readonly hostChanges: HostChanges;

  /** Told what becomes of the tasks that this process runs. */
  abstract readonly taskNews: TaskNews;

  /** Resolves when the store has answered for the first time. */
  abstract start(): Promise<void>;

  /**
   * Takes no further task, lets running ones finish for `deadlineMs`, then hands the rest back.
   * Resolves when nothing runs any more.
   */
  abstract drain(deadlineMs: number): Promise<void>;

  /** By this others can call it (`call-worker.lua`); another one in every process. */
  abstract readonly token: string;

  /** Takes no further task; what runs goes on. Holds also for a start that follows. */
  abstract pause(): void;

  /** Takes tasks again. */
  abstract resume(): void;

  /** Hands back what runs now, without using an attempt. */
  abstract handBack(): void;

  abstract load(): PoolLoad;

  /** Tasks that it may run at once, and for how long it has been able to, milliseconds. */
  abstract readonly capacity: { readonly slots: number; readonly forMs: number };

  abstract meterBy(meter: PoolMeter): void;

  /** @param listener told each time when somebody calls this pool by its token */
  abstract onCalled(listener: () => void): void;

  /** Whether it takes work, or would if it were not paused. */
  abstract check(): ComponentHealth;
}
