import helmet from '@fastify/helmet';
import { ConsoleLogger, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { allowOnlyHosts } from '../http/allowed-hosts.js';
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
  await prepareServer(app, config);
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
    http: { headersTimeout: 10_000 },
    routerOptions: { maxParamLength: 256 },
  });
}

async function prepareServer(app: NestFastifyApplication, config: Config): Promise<void> {
  const server = app.getHttpAdapter().getInstance();
  readJsonBodies(server);
  allowOnlyHosts(server, config.service.allowedHosts);
  await app.register(helmet, {
    // TLS ends in front of this server, so what a browser must insist on is said there.
    strictTransportSecurity: false,
    // Swagger UI brings its own styles inline; nothing else comes from outside.
    contentSecurityPolicy: {
      directives: {
        'default-src': ["'self'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'upgrade-insecure-requests': null,
      },
    },
  });
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  logRequests(server);
  const metrics = app.get(HttpMetrics);
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url;
    metrics.answered({ method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime });
    done();
  });
  refuseOtherMethods(server);
}
