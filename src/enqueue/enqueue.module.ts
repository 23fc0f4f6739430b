import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { TypeMappingsModule } from '../type-mappings/type-mappings.module.js';
import { BatchBounds } from './batch-bounds.js';
import { BatchController } from './batch.controller.js';
import { BatchIntake } from './batch-intake.js';
import { EnqueueController } from './enqueue.controller.js';
import { Enqueuer } from './enqueuer.js';
import { Intake } from './intake.js';
import { Tally } from '../queue/admission/tally.js';
import { TaskMaker } from './task-maker.js';

@Module({
  imports: [ClientsModule, TypeMappingsModule],
  controllers: [EnqueueController, BatchController],
  exports: [Intake],
  providers: [BatchBounds, BatchIntake, Enqueuer, Intake, Tally, TaskMaker],
})
export class EnqueueModule {}
