import { Module } from '@nestjs/common';
import { EnqueueController } from './enqueue.controller.js';

@Module({ controllers: [EnqueueController] })
export class EnqueueModule {}
