/** One half of the product, as far as starting and stopping go. */
export interface Half {
  /** Resolves when it takes work. */
  start?(): Promise<void>;
  /** Takes no new work; lets what runs finish for so many milliseconds, then hands it back. */
  drain?(deadlineMs: number): Promise<void>;
}
