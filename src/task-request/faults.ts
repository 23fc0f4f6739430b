import type { FieldError } from '../http/problem.js';

/** Collects every rule that a request breaks, so that its sender reads them all at once. */
export class Faults {
  readonly list: FieldError[] = [];

  add(pointer: string, detail: string): void {
    this.list.push({ pointer, detail });
  }
}
