import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ComputeHandler } from './compute.handler.js';
import { EchoHandler } from './echo.handler.js';
import { EmailHandler } from './email.handler.js';
import { FailHandler } from './fail.handler.js';
import { HandlerRegistry } from './handler-registry.js';
import { HandlerRuns } from './handler-runs.js';
import { Mailer } from './mailer.js';
import { SleepHandler } from './sleep.handler.js';

/** The handlers of typed tasks: each is a class with `@Handles`, and provided here. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...[ComputeHandler, EchoHandler, EmailHandler, FailHandler, SleepHandler],
    ...[HandlerRegistry, HandlerRuns, Mailer],
  ],
  exports: [HandlerRuns],
})
export class HandlersModule {}
