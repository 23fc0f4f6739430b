import { Global, Module } from '@nestjs/common';
import { ScriptTaskQueue } from './script-task-queue.js';
import { ScriptTaskReader } from './script-task-reader.js';
import { TaskQueue } from './task-queue.js';
import { TaskReader } from './task-reader.js';

/** The doors for the API half: write and read. */
@Global()
@Module({
  providers: [
    { provide: TaskQueue, useClass: ScriptTaskQueue },
    { provide: TaskReader, useClass: ScriptTaskReader },
  ],
  exports: [TaskQueue, TaskReader],
})
export class QueueModule {}
