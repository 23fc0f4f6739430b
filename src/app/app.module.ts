import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CircuitBreakerModule } from '../circuit-breaker/circuit-breaker.module.js';
import type { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { HealthModule } from '../health/health.module.js';
import { AdminKeyModule } from '../http/admin-key.module.js';
import { ProblemFilter } from '../http/problem-filter.js';
import { ProblemsModule } from '../http/problems.module.js';
import { RequestValidation } from '../http/validation.js';
import { loggingModule } from '../logging/logging.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { RedisModule } from '../redis/redis.module.js';
import { TimeModule } from '../time/time.module.js';
import type { Tracing } from '../tracing/tracing.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { EventsModule } from '../events/events.module.js';
import { WorkersModule } from '../workers/workers.module.js';
import { adminAccess } from './admin-access.js';
import { CountTasksModule, TellEventsModule } from './tell-events.module.js';

/** The whole application: the foundation always, and the halves that the role asks for. */
@Module({})
export class AppModule {
  static with(config: Config, halves: readonly Type[], tracing: Tracing): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        loggingModule(config),
        TimeModule,
        AdminKeyModule.with(adminAccess(config), {
          metrics: config.metrics.token,
          autoscale: config.autoscale.token,
        }),
        HealthModule,
        MetricsModule,
        TracingModule.with(tracing),
        ProblemsModule,
        RedisModule,
        WorkersModule,
        EventsModule,
        TellEventsModule,
        CountTasksModule,
        CircuitBreakerModule,
        ...halves,
      ],
      providers: [
        { provide: APP_PIPE, useClass: RequestValidation },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
