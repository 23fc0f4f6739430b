import type { FieldError } from '../http/problem.js';

/** Collects every rule that a request breaks, so that its sender reads them all at once. */
export class Faults {
  /** @param at pointer that stands before every other one */
  constructor(
    readonly list: FieldError[] = [],
    private readonly at = '',
  ) {}

  add(pointer: string, detail: string): void {
    this.list.push({ pointer: this.at + pointer, detail });
  }

  /** For what is below a pointer: the faults go into the same list. */
  below(pointer: string): Faults {
    return new Faults(this.list, this.at + pointer);
  }
}
