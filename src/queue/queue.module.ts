import { Global, Module } from '@nestjs/common';
import { bullQueueModule } from './bull-queue.js';
import { BullTaskQueue } from './bull-task-queue.js';
import { BullTaskReader } from './bull-task-reader.js';
import { TaskQueue } from './task-queue.js';
import { TaskReader } from './task-reader.js';

/** The doors for the API half: write and read. */
@Global()
@Module({
  imports: [bullQueueModule],
  providers: [
    { provide: TaskQueue, useClass: BullTaskQueue },
    { provide: TaskReader, useClass: BullTaskReader },
  ],
  exports: [TaskQueue, TaskReader],
})
export class QueueModule {}
