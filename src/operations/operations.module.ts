import { Module } from '@nestjs/common';
import { Canary } from './canary.js';
import { FilterWork } from './filter-work.js';
import { OperationNews } from './operation-news.js';
import { OperationRunner } from './operation-runner.js';
import { OperationStore } from './operation-store.js';
import { OperationWork } from './operation-work.js';
import { Operations } from './operations.js';
import { PurgeWork } from './purge-work.js';

/** API half: what is done with many tasks at once. */
@Module({
  providers: [
    Canary,
    FilterWork,
    OperationNews,
    OperationRunner,
    OperationStore,
    OperationWork,
    Operations,
    PurgeWork,
  ],
  exports: [OperationNews, OperationRunner, Operations],
})
export class OperationsModule {}
