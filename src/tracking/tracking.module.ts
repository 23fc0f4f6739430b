import { Module } from '@nestjs/common';
import { ControlController } from './control.controller.js';
import { EditController } from './edit.controller.js';
import { TrackingController } from './tracking.controller.js';

@Module({ controllers: [TrackingController, ControlController, EditController] })
export class TrackingModule {}
