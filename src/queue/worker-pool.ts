/** The loop that takes due tasks from the store and gives them to the handler. */
export abstract class WorkerPool {
  abstract start(): void;

  /**
   * Takes no further task, lets running ones finish for `deadlineMs`, then hands the rest back.
   * Resolves when nothing runs any more.
   */
  abstract drain(deadlineMs: number): Promise<void>;
}
