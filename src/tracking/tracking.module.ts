import { Module } from '@nestjs/common';
import { ControlController } from './control.controller.js';
import { EditRules } from './edit-rules.js';
import { EditController } from './edit.controller.js';
import { TrackingController } from './tracking.controller.js';

@Module({ controllers: [TrackingController, ControlController, EditController], providers: [EditRules] })
export class TrackingModule {}
