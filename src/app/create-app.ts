import { isIPv6 } from 'node:net';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger, PinoLogger } from 'nestjs-pino';
import type { Config } from '../config/config.js';
import { bodyBudget, boundBodies, heapLimit } from '../http/body-budget.js';
import { allowLargerBodies } from '../http/body-limit.js';
import { allowOnlyHosts } from '../http/allowed-hosts.js';
import { sendCommonHeaders } from '../http/common-headers.js';
import { earlyRefusals } from '../http/early-refusals.js';
import { limitConnections } from '../http/connection-limit.js';
import { refuseOtherOrigins } from '../http/cross-origin.js';
import { Doors } from '../http/doors.js';
import { askForBodies, refuseOtherFraming } from '../http/framing.js';
import { readJsonBodies } from '../http/json-body.js';
import { answerOneAtATime } from '../http/one-at-a-time.js';
import { refuseOtherMethods } from '../http/other-methods.js';
import { servedBelow } from '../http/path-prefix.js';
import { routeUpgrades } from '../http/upgrades.js';
import { requestId } from '../http/request-id.js';
import { rememberRoutes, routeOf } from '../http/route-of.js';
import { readForwardedFor } from '../http/sender-address.js';
import { assemblyLogger } from '../logging/logging.module.js';
import { requestLog } from '../logging/request-log.js';
import { HttpMetrics } from '../metrics/http-metrics.js';
import { compileCidrs } from '../net/cidr.js';
import { LayoutWatch } from '../redis/layout-watch.js';
import { openTracing } from '../tracing/open-tracing.js';
import { Tracing } from '../tracing/tracing.js';
import { AppModule } from './app.module.js';
import { dialectsOf } from './dialects.js';
import { refuseWhenShutOut } from './refuse-shut-out.js';
import { endTrace, traceRequests } from './trace-requests.js';

/** Named here, because a worker does not load the route's own code. */
const BATCH_ROUTE = '/v1/enqueue/batch';

/** Builds the Nest application out of the halves that this process is to run, ready to listen. */
export async function createApp(config: Config, halves: readonly Type[]): Promise<NestFastifyApplication> {
  const all = [...halves, ...(await dialectsOf(config))];
  const root = AppModule.with(config, all, await openTracing(config));
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter(config), {
    bodyParser: false,
    abortOnError: false,
    logger: assemblyLogger(config),
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

/**
 * Bounds on slow clients: headers within 10 s, the whole request within 30 s; Node looks only every 30 s by itself. One that
 * does not read its answer is cut off when nothing has moved for 60 s, longer than any answer here takes; Node notices in
 * the first or the second minute.
 */
function adapter(config: Config): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: config.service.maxRequestBytes,
    genReqId: requestId,
    trustProxy: trustedProxies(config),
    requestTimeout: 30_000,
    keepAliveTimeout: 72_000,
    connectionTimeout: 60_000,
    // A request without Host is refused by a hook, where it gets a problem document.
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1000, requireHostHeader: false },
    ...earlyRefusals,
    ...servedBelow(config.service.pathPrefix),
    routerOptions: { maxParamLength: 320 },
  });
}

/** Who tells the address of the sender; without any of them it is that of the connection. */
function trustedProxies({ ingress }: Config): boolean | ((address: string) => boolean) {
  if (ingress.trustedProxies.length === 0) return false;
  const proxies = compileCidrs(ingress.trustedProxies);
  return (address) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

async function prepareServer(app: NestFastifyApplication, config: Config): Promise<void> {
  const server = app.getHttpAdapter().getInstance();
  rememberRoutes(server);
  readForwardedFor(server);
  readJsonBodies(server);
  limitConnections(server.server, config.ingress.maxConnections);
  answerOneAtATime(server);
  allowLargerBodies(server, BATCH_ROUTE, config.ingress.maxBatchBytes);
  sendCommonHeaders(server);
  refuseOtherFraming(server);
  allowOnlyHosts(server, config.service.allowedHosts);
  refuseOtherOrigins(server, config.service.allowedOrigins);
  allowOrigins(app, config.service.allowedOrigins);
  traceRequests(server, app.get(Tracing));
  await tellOfRequests(app);
  refuseOtherMethods(server);
  refuseWhenShutOut(server, app.get(LayoutWatch));
  app.get(Doors).guard(server);
  askForBodies(server);
  if (config.service.mode !== 'worker') routeUpgrades(server);
  const { maxBodiesBytes, maxBatchBytes } = config.ingress;
  boundBodies(server, bodyBudget(maxBodiesBytes, maxBatchBytes, heapLimit()));
}

/** Browsers ask before they send for a page of another origin, and do not let it read what they were not told it may. */
function allowOrigins(app: NestFastifyApplication, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.enableCors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['ETag', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'],
    maxAge: 600,
  });
}

/** Each answered request to the log and to the metrics, by one hook: asking the server for the route is not free. */
async function tellOfRequests(app: NestFastifyApplication): Promise<void> {
  const log = requestLog(await app.resolve(PinoLogger));
  const metrics = app.get(HttpMetrics);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const { id, method, url, ip: remote } = request;
      const { statusCode: status, elapsedTime: ms } = reply;
      const route = request.is404 ? undefined : routeOf(request).url;
      const span = endTrace(request, status);
      const answered = { id, method, url, route, status, ms, remote, span };
      log(answered);
      metrics.answered(answered);
      done();
    });
}
