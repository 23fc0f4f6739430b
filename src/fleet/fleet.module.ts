import { Module } from '@nestjs/common';
import { WorkerRegistryModule } from '../workers/registry.module.js';
import { AutoscaleController } from './autoscale.controller.js';
import { FleetCount } from './fleet-count.js';
import { FleetSurvey } from './fleet-survey.js';

/** API half: the figures of the whole fleet, for `/metrics` and for whoever starts and stops workers. */
@Module({
  imports: [WorkerRegistryModule],
  controllers: [AutoscaleController],
  providers: [FleetCount, FleetSurvey],
  exports: [FleetCount],
})
export class FleetModule {}
