import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { EnqueueController } from './enqueue.controller.js';
import { TaskProcessor } from './task.processor.js';

const redis = new URL(process.env['REDIS_URL'] ?? 'redis://localhost:6379');

const queue = [
  BullModule.forRoot({
    connection: { host: redis.hostname, port: Number(redis.port), password: redis.password },
  }),
  BullModule.registerQueue({ name: 'tasks' }),
];

@Module({})
export class App {
  static api(): DynamicModule {
    return { module: App, imports: queue, controllers: [EnqueueController] };
  }

  static worker(): DynamicModule {
    return { module: App, imports: queue, providers: [TaskProcessor] };
  }
}
