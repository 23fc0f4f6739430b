import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule, type Params } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { loggableUrl, REDACTED_PATHS } from './redact.js';

/** Asked every few seconds by machines; their lines would drown the others. */
const QUIET = /^\/(health|metrics)(\/|$|\?)/;

/** Structured logs on standard output: one line per request, each with the request's id. */
export function loggingModule(config: Config): DynamicModule {
  return LoggerModule.forRoot(loggingParams(config));
}

function loggingParams(config: Config): Params {
  return {
    // nestjs-pino's default matches no route on Fastify.
    forRoutes: ['/*splat'],
    pinoHttp: {
      level: config.logLevel,
      base: { mode: config.mode },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: [...REDACTED_PATHS],
      serializers: { req: requestFields, res: (res: ServerResponse) => ({ status: res.statusCode }) },
      customLogLevel: (_req, res, error) => levelOf(res.statusCode, error),
      autoLogging: { ignore: (request) => QUIET.test(request.url ?? '') },
    },
  };
}

function requestFields({ id, method, url = '' }: { id: string } & IncomingMessage): object {
  return { id, method, path: loggableUrl(url) };
}

/** The caller's faults are news, not errors: ERROR is 0 in a healthy system. */
function levelOf(status: number, error?: Error): 'info' | 'warn' | 'error' {
  if (status === 503) return 'warn';
  return error !== undefined || status >= 500 ? 'error' : 'info';
}
