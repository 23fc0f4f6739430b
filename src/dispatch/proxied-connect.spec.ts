import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeAfterTest, closedPort, rawServer, rawTlsServer } from '../../test/support/loopback.js';
import { answered, failed, guardOf, never, requestTo, senderTo } from '../../test/support/sending.js';
import { TARGET_TEST_CERT } from '../../test/support/tls-fixture.js';
import { readProxy } from './proxy-tunnel.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

interface TestProxy {
  readonly url: string;
  readonly asked: { authority: string; authorization: string | undefined }[];
}

type OnConnect = (socket: Socket) => void;

/** A proxy that sends every tunnel to this machine, whatever name was asked for; or answers as it is told. */
async function proxy(onConnect?: OnConnect): Promise<TestProxy> {
  const asked: TestProxy['asked'] = [];
  const sockets = new Set<Socket>();
  const server = createServer().on('connect', (request: IncomingMessage, client: Socket) => {
    const authority = request.url ?? '';
    asked.push({ authority, authorization: request.headers['proxy-authorization'] });
    client.on('error', () => undefined);
    if (onConnect) {
      onConnect(client);
      return;
    }
    const upstream = connect(Number(authority.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterTest(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const through = (url: string, options: Parameters<typeof senderTo>[0] = {}) =>
  senderTo({ guard: guardOf({ allowLoopbackUrls: false }), ...options, proxy: readProxy(url) });

describe('calls through EGRESS_PROXY', () => {
  it('go as they are through a tunnel that is used again, and the proxy resolves the name', async () => {
    const target = await rawServer(({ socket }) => socket.write(OK));
    const { url, asked } = await proxy();
    const sender = through(url);
    const request = requestTo(`http://name.test:${target.port}/path?q=1`, {
      headers: [
        ['X-Two', '1'],
        ['X-Two', '2'],
      ],
      body: Buffer.from('hello'),
    });
    for (let n = 0; n < 3; n++) {
      expect(answered(await sender.send(request, never)).body.toString()).toBe('ok');
      await new Promise(setImmediate);
    }
    expect(asked).toEqual([{ authority: `name.test:${target.port}`, authorization: undefined }]);
    expect(target.connections).toHaveLength(1);
    const received = target.connections[0]!.received().toString();
    expect(received).toMatch(/^POST \/path\?q=1 HTTP\/1\.1\r\nhost: name\.test:\d+\r\n/i);
    expect(received).toContain('X-Two: 1\r\nX-Two: 2\r\n');
    expect(received).not.toMatch(/proxy-/i);
  });

  it('to https targets keep TLS to the target, whose certificate is checked', async () => {
    const target = await rawTlsServer(({ socket }) => socket.write(OK));
    const { url } = await proxy();
    const sender = through(url, { ca: TARGET_TEST_CERT });
    expect(answered(await sender.send(requestTo(`https://target.test:${target.port}/`), never)).status).toBe(
      200,
    );
    const other = failed(await sender.send(requestTo(`https://other.test:${target.port}/`), never));
    expect(other).toMatchObject({ stage: 'not_sent', code: 'tls_failed' });
  });

  it('carry the credentials of the proxy to the proxy', async () => {
    const target = await rawServer(({ socket }) => socket.write(OK));
    const { url, asked } = await proxy();
    const sender = through(url.replace('http://', 'http://me:p%40ss@'));
    await sender.send(requestTo(`http://name.test:${target.port}/`), never);
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(target.connections[0]!.received().toString()).not.toMatch(/authorization/i);
  });

  it.each<[string, OnConnect | undefined, RegExp]>([
    ['is overloaded', (socket) => socket.end('HTTP/1.1 503 Overloaded\r\n\r\n'), /the proxy answered 503/],
    ['refuses', (socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'), /the proxy answered 403/],
    ['hangs up', (socket) => socket.destroy(), /closed the connection/],
    ['speaks something else', (socket) => socket.write('x'.repeat(20_000)), /did not answer with HTTP/],
    ['answers for the target', (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${OK}`), /bytes of its own/],
  ])('that %s are not sent, and may be tried again', async (_what, onConnect, message) => {
    const { url } = await proxy(onConnect);
    const reply = failed(await through(url).send(requestTo('http://name.test:9/'), never));
    expect(reply).toMatchObject({ stage: 'not_sent', code: 'proxy_failed' });
    expect(reply.message).toMatch(message);
    expect(reply.permanent).toBeUndefined();
  });

  it('that cannot be reached are not sent', async () => {
    const reply = await through(`http://127.0.0.1:${await closedPort()}`).send(
      requestTo('http://name.test/'),
      never,
    );
    expect(failed(reply)).toMatchObject({ stage: 'not_sent', code: 'proxy_failed' });
    expect(failed(reply).message).toMatch(/^no tunnel through EGRESS_PROXY: .*ECONNREFUSED/);
  });

  it.each(['502 Bad Gateway', '504 Gateway Timeout'])(
    'fail as the target has when the proxy says so: %s',
    async (status) => {
      const { url } = await proxy((socket) => socket.end(`HTTP/1.1 ${status}\r\n\r\n`));
      const reply = failed(await through(url).send(requestTo('http://name.test:9/'), never));
      expect(reply).toMatchObject({ stage: 'not_sent', code: 'connect_failed' });
    },
  );

  it('meet their deadline while the proxy says nothing', async () => {
    const { url, asked } = await proxy(() => undefined);
    const reply = await through(url).send(requestTo('http://name.test/', { timeoutMs: 100 }), never);
    expect(failed(reply)).toMatchObject({ stage: 'not_sent', code: 'timeout' });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ...['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '169.254.169.254', '2130706433', 'localhost'],
    ...['localhost.', 'a.localhost', 'localhost.localdomain', 'localhost6', 'ip6-localhost.'],
    ...['metadata.google.internal', 'Metadata.google.internal.', 'metadata', 'metadata.goog'],
    ...['instance-data', 'instance-data.ec2.internal', 'metadata.tencentyun.com'],
  ])('to %s are refused here, and the proxy is not asked', async (host) => {
    const { url, asked } = await proxy();
    const reply = await through(url).send(requestTo(`http://${host}:9/`), never);
    expect(reply).toMatchObject({ stage: 'not_sent', code: 'address_refused', permanent: true });
    expect(asked).toEqual([]);
  });
});
