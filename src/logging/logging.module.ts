import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { standardOutput } from './destination.js';
import { loggableError, redacted } from './redact.js';

/** Structured logs on standard output: JSON, one object per line. */
export function loggingModule(config: Config): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: [
      {
        level: config.service.logLevel,
        base: { mode: config.service.mode },
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }), log: redacted },
        serializers: { err: loggableError },
      },
      standardOutput(),
    ],
    // Requests get their line from `requestLog`; a logger of its own for each would cost more than the rest of them.
    forRoutes: [],
  });
}
