import type { DynamicModule, LoggerService } from '@nestjs/common';
import { Logger, LoggerModule, type Params, PinoLogger } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { standardOutput } from './destination.js';
import { loggableError, redacted } from './redact.js';

/** Structured logs on standard output: JSON, one object per line. */
export function loggingModule(config: Config): DynamicModule {
  return LoggerModule.forRoot(lines(config));
}

/**
 * The same for as long as the application is put together. Nest then tells of every class and route; only what is wrong
 * is worth a line.
 */
export function assemblyLogger(config: Config): LoggerService {
  const params = lines(config);
  return new AssemblyLogger(new PinoLogger(params), params);
}

class AssemblyLogger extends Logger {
  override verbose(): void {
    // Not worth a line.
  }
  override debug(): void {
    // Not worth a line.
  }
  override log(): void {
    // Not worth a line.
  }
}

let writtenMs = Number.NaN;
let written = '';

/** Many lines fall into the same millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== writtenMs) {
    writtenMs = now;
    written = `,"time":"${new Date(now).toISOString()}"`;
  }
  return written;
}

function lines(config: Config): Params {
  return {
    pinoHttp: [
      {
        level: config.service.logLevel,
        base: { mode: config.service.mode },
        timestamp,
        formatters: { level: (label) => ({ level: label }), log: redacted },
        serializers: { err: loggableError },
      },
      standardOutput(),
    ],
    // Requests get their line from `requestLog`; a logger of its own for each would cost more than the rest of them.
    forRoutes: [],
  };
}
