import { ConsoleLogger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { allowOnlyHosts } from '../http/allowed-hosts.js';
import { sendCommonHeaders } from '../http/common-headers.js';
import { earlyRefusals } from '../http/early-refusals.js';
import { readJsonBodies } from '../http/json-body.js';
import { refuseOtherMethods } from '../http/other-methods.js';
import { requestId } from '../http/request-id.js';
import { logRequests } from '../logging/request-log.js';
import { HttpMetrics } from '../metrics/http-metrics.js';
import { AppModule } from './app.module.js';

/** Builds the Nest application out of the halves that this process is to run, ready to listen. */
export async function createApp(config: Config, halves: readonly Type[]): Promise<NestFastifyApplication> {
  const root = AppModule.with(config, halves);
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter(config), {
    bodyParser: false,
    abortOnError: false,
    // While it is put together, Nest tells of every class and route; only what is wrong is worth a line.
    logger: new ConsoleLogger({ json: true, logLevels: ['warn', 'error', 'fatal'] }),
  });
  prepareServer(app, config);
  if (config.service.mode !== 'worker') {
    const { serveDocumentation } = await import('./documentation.js');
    serveDocumentation(app);
  }
  await app.init();
  app.useLogger(app.get(Logger));
  return app;
}

/** Bounds on slow clients: headers within 10 s, the whole request within 30 s. */
function adapter(config: Config): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: config.service.maxRequestBytes,
    genReqId: requestId,
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    // A request without Host is refused by a hook, where it gets a problem document.
    http: { headersTimeout: 10_000, requireHostHeader: false },
    ...earlyRefusals,
    routerOptions: { maxParamLength: 256 },
  });
}

function prepareServer(app: NestFastifyApplication, config: Config): void {
  const server = app.getHttpAdapter().getInstance();
  readJsonBodies(server);
  sendCommonHeaders(server);
  allowOnlyHosts(server, config.service.allowedHosts);
  logRequests(server);
  const metrics = app.get(HttpMetrics);
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url;
    metrics.answered({ method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime });
    done();
  });
  refuseOtherMethods(server);
}
