import { Module } from '@nestjs/common';
import { EnqueueController } from './enqueue.controller.js';
import { Enqueuer } from './enqueuer.js';
import { TaskMaker } from './task-maker.js';

@Module({ controllers: [EnqueueController], providers: [Enqueuer, TaskMaker] })
export class EnqueueModule {}
