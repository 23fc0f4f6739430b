import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { EnqueueController } from './enqueue.controller.js';
import { Enqueuer } from './enqueuer.js';
import { TaskMaker } from './task-maker.js';

@Module({ imports: [ClientsModule], controllers: [EnqueueController], providers: [Enqueuer, TaskMaker] })
export class EnqueueModule {}
