import type { FastifyInstance } from 'fastify';

/** Lets a route take larger bodies than the others. To be called before it is registered. */
export function allowLargerBodies(server: FastifyInstance, url: string, bytes: number): void {
  server.addHook('onRoute', (route) => {
    if (route.url === url) route.bodyLimit = bytes;
  });
}
