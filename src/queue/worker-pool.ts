import type { ComponentHealth } from '../health/health-registry.js';
import type { HostChanges } from './gates/host-changes.js';

/** The loop that takes due tasks from the store and gives them to the handler. */
export abstract class WorkerPool {
  /** Told when what this process does opens or closes the circuit of a host. */
  abstract readonly hostChanges: HostChanges;

  /** Resolves when the store has answered for the first time. */
  abstract start(): Promise<void>;

  /**
   * Takes no further task, lets running ones finish for `deadlineMs`, then hands the rest back.
   * Resolves when nothing runs any more.
   */
  abstract drain(deadlineMs: number): Promise<void>;

  /** Whether it takes work. */
  abstract check(): ComponentHealth;
}
