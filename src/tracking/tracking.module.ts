import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { TypeMappingsModule } from '../type-mappings/type-mappings.module.js';
import { ControlController } from './control.controller.js';
import { EditRules } from './edit-rules.js';
import { EditController } from './edit.controller.js';
import { TaskEditor } from './task-editor.js';
import { ListController } from './list.controller.js';
import { TrackingController } from './tracking.controller.js';

@Module({
  imports: [ClientsModule, TypeMappingsModule],
  controllers: [ListController, TrackingController, ControlController, EditController],
  providers: [EditRules, TaskEditor],
  exports: [TaskEditor],
})
export class TrackingModule {}
