import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { IngressGuard, IngressLimit, PaysForItself } from './ingress-guard.js';
import { rememberPrincipal } from './principal.js';

/** Takes one request of each principal, and remembers who asked. */
class OneEach extends IngressLimit {
  readonly asked: string[] = [];

  override take(principal: string): Promise<number> {
    this.asked.push(principal);
    return Promise.resolve(this.asked.filter((each) => each === principal).length > 1 ? 1500 : 0);
  }
}

class Routes {
  @PaysForItself()
  enqueue(): void {
    // only its metadata matters
  }

  list(): void {
    // likewise
  }
}

const limit = new OneEach();
const guard = new IngressGuard(limit, new Reflector());
const routes = new Routes();

function contextOf(url: string, ip: string, route: keyof Routes, clientId?: string): ExecutionContext {
  const request = { routeOptions: { url }, ip } as unknown as FastifyRequest;
  if (clientId !== undefined) rememberPrincipal(request, { kind: 'client', clientId, keyHash: 'x' });
  const http = { getRequest: () => request };
  return {
    switchToHttp: () => http,
    getHandler: () => Reflect.get(routes, route) as unknown,
  } as unknown as ExecutionContext;
}
const pass = async (...of: Parameters<typeof contextOf>) => guard.canActivate(contextOf(...of));

it('counts a request for who sends it, when that is known, and else for its address', async () => {
  expect(await pass('/v1/tasks/:id', '192.0.2.1', 'list')).toBe(true);
  expect(await pass('/v1/tasks/:id', '192.0.2.1', 'list', 'shop')).toBe(true);
  await expect(pass('/admin/queues', '192.0.2.1', 'list')).rejects.toMatchObject({
    init: { status: 429, code: 'too_many_requests', headers: { 'retry-after': '2' } },
  });
  await expect(pass('/v1/tasks/:id', '192.0.2.9', 'list', 'shop')).rejects.toMatchObject({
    init: { status: 429 },
  });
  expect(limit.asked).toEqual(['192.0.2.1', 'shop', '192.0.2.1', 'shop']);
});

it('lets through who watches, and what counts by itself, and asks nothing for it', async () => {
  const before = limit.asked.length;
  for (const url of ['/health', '/health/live', '/metrics', '/version'])
    expect(await pass(url, '192.0.2.1', 'list')).toBe(true);
  expect(await pass('/v1/enqueue', '192.0.2.1', 'enqueue')).toBe(true);
  expect(limit.asked).toHaveLength(before);
  await expect(pass('/healthy', '192.0.2.1', 'list')).rejects.toBeDefined();
});
