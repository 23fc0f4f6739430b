import { Module } from '@nestjs/common';
import { ControlController } from './control.controller.js';
import { TrackingController } from './tracking.controller.js';

@Module({ controllers: [TrackingController, ControlController] })
export class TrackingModule {}
