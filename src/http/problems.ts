import { Injectable } from '@nestjs/common';
import type { ProblemError } from './problem.js';
import { toProblem } from './to-problem.js';

/** Knows errors of a capability that HTTP does not: gives the problem an error stands for, or nothing. */
export type ProblemMapper = (error: unknown) => ProblemError | undefined;

/** Which problem an error stands for. */
@Injectable()
export class Problems {
  private mappers: readonly ProblemMapper[] = [];

  know(mappers: readonly ProblemMapper[]): void {
    this.mappers = [...this.mappers, ...mappers];
  }

  /** What nobody expected is a 500 that tells nothing. */
  of(error: unknown): ProblemError {
    for (const map of this.mappers) {
      const problem = map(error);
      if (problem) return problem;
    }
    return toProblem(error);
  }
}
