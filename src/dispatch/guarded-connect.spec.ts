import { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { AddressGuard } from '../net/address-policy.js';
import { closedPort, rawServer, rawTlsServer } from '../../test/support/loopback.js';
import { failed, guardOf, never, requestTo, scriptedLookup, senderTo } from '../../test/support/sending.js';
import { guardedLookup } from './guarded-lookup.js';

const closed = guardOf({ allowLoopbackUrls: false });
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
const okServer = () => rawServer(({ socket }) => socket.write(OK));

const REFUSED = { stage: 'not_sent', code: 'address_refused', permanent: true };

/** Says yes the first `times` times it is asked, then no: to get past the outer walls to the inner ones. */
function guardThatTurns(times: number): AddressGuard & { readonly asked: string[] } {
  const asked: string[] = [];
  const judge: AddressGuard['judge'] = (address) =>
    asked.push(address) <= times ? { allowed: true } : { allowed: false, reason: 'turned' };
  return { asked, judge };
}

describe('the guarded connection', () => {
  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    'x.localhost',
    '127.0.0.1.',
  ])('refuses %s as written, without asking the resolver', async (host) => {
    const server = await okServer();
    const lookup = scriptedLookup(['127.0.0.1']);
    const sender = senderTo({ guard: closed, lookup });
    for (const scheme of ['http', 'https']) {
      const reply = await sender.send(requestTo(`${scheme}://${host}:${server.port}/`), never);
      expect(reply).toMatchObject(REFUSED);
    }
    expect([lookup.asked, server.connections]).toEqual([[], []]);
  });

  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['169.254.169.254']],
    [['10.0.0.1']],
    [['93.184.215.14', '127.0.0.1']],
    [['127.0.0.1', '93.184.215.14']],
    [['2606:4700::1111', 'fd00::1']],
  ])('refuses a name that resolves to %j: one bad record fails all', async (addresses) => {
    const sender = senderTo({ guard: closed, lookup: scriptedLookup(addresses) });
    const reply = failed(await sender.send(requestTo('http://name.test:9/'), never));
    expect(reply).toMatchObject(REFUSED);
    expect(reply.message).toMatch(/^name\.test is not allowed: it resolves to /);
  });

  it('refuses a name that changed its answer since it was last used (rebinding)', async () => {
    const server = await rawServer(({ socket }) =>
      socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n`),
    );
    const lookup = scriptedLookup(['127.0.0.1'], ['127.0.0.2']);
    const sender = senderTo({ guard: guardOf({ denyCidrs: ['127.0.0.2'] }), lookup });
    const url = `http://name.test:${server.port}/`;
    expect((await sender.send(requestTo(url), never)).kind).toBe('answered');
    expect(await sender.send(requestTo(url), never)).toMatchObject(REFUSED);
    expect([lookup.asked.length, server.connections.length]).toEqual([2, 1]);
  });

  it('dials the checked answer, asking the resolver once', async () => {
    const server = await okServer();
    const lookup = scriptedLookup(['127.0.0.1'], ['169.254.169.254']);
    const reply = await senderTo({ lookup }).send(requestTo(`http://name.test:${server.port}/`), never);
    expect([reply.kind, lookup.asked]).toEqual(['answered', ['name.test']]);
  });

  it.each(['http', 'https'])('sends no byte over %s to a peer it would not have dialled', async (scheme) => {
    const bytes: Buffer[] = [];
    const server = await rawServer(() => undefined);
    const guard = guardThatTurns(1);
    const sender = senderTo({ guard, lookup: scriptedLookup(['127.0.0.1']) });
    const reply = failed(await sender.send(requestTo(`${scheme}://name.test:${server.port}/`), never));
    expect(reply).toMatchObject({
      ...REFUSED,
      message: expect.stringContaining('ended at 127.0.0.1') as string,
    });
    await expect.poll(() => server.connections.map(({ socket }) => socket.destroyed)).toEqual([true]);
    bytes.push(...server.connections.map((connection) => connection.received()));
    expect(Buffer.concat(bytes)).toHaveLength(0);
    expect(guard.asked).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('judges the peer of an IP literal too', async () => {
    const server = await okServer();
    const reply = await senderTo({ guard: guardThatTurns(1) }).send(requestTo(server.origin), never);
    expect(reply).toMatchObject(REFUSED);
    await expect
      .poll(() => server.connections.map((connection) => connection.received().length))
      .toEqual([0]);
  });

  it('lets through what the policy allows', async () => {
    const server = await okServer();
    for (const host of ['127.0.0.1', '2130706433', 'localhost', '[::ffff:127.0.0.1]']) {
      const reply = await senderTo().send(requestTo(`http://${host}:${server.port}/`), never);
      expect(reply.kind).toBe('answered');
    }
  });

  it('ignores proxies named in the environment', async () => {
    const server = await okServer();
    const proxy = await okServer();
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY'];
    for (const name of names) process.env[name] = proxy.origin;
    try {
      await senderTo().send(requestTo(`http://name.test:${server.port}/`), never);
    } finally {
      for (const name of names) Reflect.deleteProperty(process.env, name);
    }
    expect([server.connections.length, proxy.connections.length]).toEqual([1, 0]);
  });

  it('tells every failure of several addresses', async () => {
    const port = await closedPort();
    const sender = senderTo({ lookup: scriptedLookup(['127.0.0.1', '::1']) });
    const reply = failed(await sender.send(requestTo(`http://name.test:${port}/`), never));
    expect(reply.code).toBe('connect_failed');
    expect(reply.message).toMatch(/127\.0\.0\.1:.*; .*::1/);
  });

  it('gives up on a TLS handshake that never ends, as not sent', async () => {
    const server = await rawServer(() => undefined);
    const sender = senderTo({ connectTimeoutMs: 50 });
    const reply = failed(await sender.send(requestTo(server.origin.replace('http', 'https')), never));
    expect([reply.stage, reply.code]).toEqual(['not_sent', 'tls_failed']);
  });

  it('never reaches TLS servers it refuses', async () => {
    const server = await rawTlsServer(({ socket }) => socket.write(OK));
    expect(await senderTo({ guard: closed }).send(requestTo(server.origin), never)).toMatchObject(REFUSED);
    expect(server.connections).toHaveLength(0);
  });
});

describe('the guarded lookup', () => {
  const ask = (all: boolean, addresses: readonly string[]) =>
    new Promise((resolve) => {
      guardedLookup(guardOf(), scriptedLookup(addresses))('name.test', { all }, (error, address, family) => {
        resolve(error ?? [address, family]);
      });
    });

  it('answers in the form asked for', async () => {
    const records: LookupAddress[] = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    expect(await ask(true, ['127.0.0.1', '::1'])).toEqual([records, undefined]);
    expect(await ask(false, ['127.0.0.1', '::1'])).toEqual(['127.0.0.1', 4]);
    expect(await ask(false, ['::1', '127.0.0.1'])).toEqual(['::1', 6]);
  });

  it.each([true, false])('refuses a bad record behind a good one (all: %s)', async (all) => {
    expect(await ask(all, ['127.0.0.1', '10.0.0.1'])).toMatchObject({
      code: 'address_refused',
      permanent: true,
    });
  });
});
