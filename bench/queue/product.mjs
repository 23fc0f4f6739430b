// The product's queue alone: its modules as `src/app` puts them together, with a handler that does nothing. Known of
// the product are these modules and the ports TaskQueue, TaskHandler and WorkerPool; how they work is not.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../../dist/app/app.module.js';
import { loadConfig } from '../../dist/config/load-config.js';
import { WorkerMetricsModule } from '../../dist/metrics/worker-metrics.module.js';
import { QueueModule } from '../../dist/queue/queue.module.js';
import { TaskHandler } from '../../dist/queue/task-handler.js';
import { TaskQueue } from '../../dist/queue/task-queue.js';
import { WorkerPool } from '../../dist/queue/worker-pool.js';
import { WorkerPoolModule } from '../../dist/queue/worker-pool.module.js';
import { RedisConnections } from '../../dist/redis/redis-connections.js';
import { openTracing } from '../../dist/tracing/open-tracing.js';
import { drive } from './driver.mjs';

await drive(async (onHandled) => {
  const { NODE_ENV, REDIS_URL, WORKER_CONCURRENCY } = process.env;
  const config = loadConfig({ MODE: 'both', NODE_ENV, REDIS_URL, WORKER_CONCURRENCY });
  const halves = [QueueModule, WorkerMetricsModule, WorkerPoolModule.driving(handlerModule(onHandled))];
  const context = await NestFactory.createApplicationContext(
    AppModule.with(config, halves, await openTracing(config)),
    {
      logger: ['warn', 'error'],
    },
  );
  await context.get(RedisConnections).waitUntilReady();
  const queue = context.get(TaskQueue);
  const pool = context.get(WorkerPool, { strict: false });
  return { add: (task) => queue.add(task), start: () => pool.start() };
});

/** A module that offers a `TaskHandler`, as the product's dispatch module does. */
function handlerModule(onHandled) {
  class HandlerModule {}
  const handle = async ({ task, attempt: number }) => {
    onHandled(task);
    const now = Date.now();
    const attempt = { number, startedAt: now, endedAt: now, class: 'succeeded', status: 200 };
    return {
      attempt: { ...attempt, timings: { totalMs: 0 } },
      settlement: { kind: 'complete' },
      verdict: { kind: 'success' },
    };
  };
  Module({
    providers: [{ provide: TaskHandler, useValue: { handle } }],
    exports: [TaskHandler],
  })(HandlerModule);
  return HandlerModule;
}
