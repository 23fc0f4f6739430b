import { Injectable } from '@nestjs/common';
import { FilterWork, type Step } from './filter-work.js';
import type { Operation } from './operation.js';
import { PurgeWork } from './purge-work.js';

/** One piece of work on an operation, whatever it does. */
@Injectable()
export class OperationWork {
  constructor(
    private readonly filters: FilterWork,
    private readonly purges: PurgeWork,
  ) {}

  step(operation: Operation): Promise<Step> {
    const work = operation.spec.action === 'purge' ? this.purges : this.filters;
    return work.step(operation);
  }
}
