import { Module } from '@nestjs/common';
import { EnqueueController } from './enqueue.controller.js';
import { TaskMaker } from './task-maker.js';

@Module({ controllers: [EnqueueController], providers: [TaskMaker] })
export class EnqueueModule {}
