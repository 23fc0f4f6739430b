import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { loggableUrl } from './redact.js';

/** Asked every few seconds by machines; their lines would drown the others. */
const QUIET = /^\/(health|metrics)(\/|\?|$)/;

/** One wide line per answered request. The caller's faults are news, not errors: ERROR is 0 in a healthy system. */
export function logRequests(server: FastifyInstance): void {
  const logger = new Logger('Http');
  server.addHook('onResponse', (request, reply, done) => {
    const line = {
      req_id: request.id,
      method: request.method,
      path: loggableUrl(request.url),
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      remote: request.ip,
    };
    if (QUIET.test(request.url)) logger.debug(line, 'request');
    else if (reply.statusCode === 500) logger.error(line, 'request');
    else if (reply.statusCode > 500) logger.warn(line, 'request');
    else logger.log(line, 'request');
    done();
  });
}
