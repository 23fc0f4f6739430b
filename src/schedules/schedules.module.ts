import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { TypeMappingsModule } from '../type-mappings/type-mappings.module.js';
import { ScheduleDesk } from './schedule-desk.js';
import { ScheduleSecrets } from './schedule-secrets.js';
import { ScheduleStore } from './schedule-store.js';
import { ScheduleControlController } from './schedule-control.controller.js';
import { SchedulesController } from './schedules.controller.js';
import { Schedules } from './schedules.js';

/** API half: what may be done with schedules. */
@Module({
  imports: [ClientsModule, TypeMappingsModule],
  controllers: [SchedulesController, ScheduleControlController],
  providers: [ScheduleDesk, ScheduleSecrets, ScheduleStore, Schedules],
})
export class SchedulesModule {}
