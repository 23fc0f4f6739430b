import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { closedPort, rawServer, rawTlsServer } from '../../test/support/loopback.js';
import { answered, failed, never, requestTo, scriptedLookup, senderTo } from '../../test/support/sending.js';
import { TARGET_TEST_CERT } from '../../test/support/tls-fixture.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const UPPER_LATIN1 = Buffer.from(Array.from({ length: 128 }, (_, at) => at + 128)).toString('latin1');

const okServer = () => rawServer(({ socket }) => socket.write(OK));

describe('what goes out', () => {
  it('is the request byte for byte, with host, connection and content-length added and nothing else', async () => {
    const server = await okServer();
    const headers = [
      ['X-MiXeD-Case', 'a  b'],
      ['x-latin', UPPER_LATIN1],
      ['X-Empty', ''],
      ['X-Twice', '1'],
      ['x-twice', '2'],
      ['__proto__', 'p'],
      ['Content-Type', 'text/odd; a="b"'],
    ] as const;
    const body = Buffer.concat([ALL_BYTES, ALL_BYTES]);
    answered(
      await senderTo().send(requestTo(`${server.origin}/p%20/ä?q=1&r#frag`, { headers, body }), never),
    );
    const expected = [
      'POST /p%20/%C3%A4?q=1&r HTTP/1.1',
      `host: 127.0.0.1:${server.port}`,
      'connection: keep-alive',
      ...headers.map(([name, value]) => `${name}: ${value}`),
      'content-length: 512',
      '',
      '',
    ].join('\r\n');
    expect(server.connections[0]?.received().toString('latin1')).toBe(expected + body.toString('latin1'));
  });

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'POST'])(
    'carries a body with %s',
    async (method) => {
      const server = await okServer();
      answered(await senderTo().send(requestTo(server.origin, { method, body: ALL_BYTES }), never));
      const sent = server.connections[0]!.received();
      expect(sent.toString('latin1')).toMatch(
        new RegExp(`^${method} / HTTP/1.1\r\n(?:.*\r\n)*content-length: 256\r\n\r\n`),
      );
      expect(sent.subarray(-256).equals(ALL_BYTES)).toBe(true);
    },
  );

  it.each([
    ['POST', 'content-length: 0\r\n'],
    ['GET', ''],
  ])('announces no body of %s as HTTP wants it', async (method, line) => {
    const server = await okServer();
    for (const body of [undefined, Buffer.alloc(0)]) {
      answered(await senderTo().send(requestTo(server.origin, { method, body }), never));
    }
    for (const connection of server.connections) {
      expect(connection.received().toString()).toBe(
        `${method} / HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: keep-alive\r\n${line}\r\n`,
      );
    }
  });

  it.each([
    ['a header with a line break', { headers: [['x', 'a\r\nb: c']] as const }],
    ['a header name with a space', { headers: [['x y', '1']] as const }],
    ['a header beyond latin1', { headers: [['x', '€']] as const }],
    ['expect', { headers: [['expect', '100-continue']] as const }],
    ['a method that is no token', { method: 'GE T' }],
    ['no URL', { url: 'nonsense' }],
    ['another scheme', { url: 'ftp://127.0.0.1/' }],
  ])('is nothing at all for %s', async (_what, changes) => {
    const server = await okServer();
    const reply = failed(await senderTo().send(requestTo(server.origin, changes), never));
    expect(reply).toMatchObject({ stage: 'not_sent', code: 'invalid_request', permanent: true });
    expect(server.connections).toHaveLength(0);
  });
});

describe('what comes back', () => {
  it('is status, first header values without a prototype, and the body', async () => {
    const server = await rawServer(({ socket }) =>
      socket.write(
        'HTTP/1.1 418 Odd\r\nX-A: 1\r\nx-a: 2\r\n__proto__: p\r\n__proto__: q\r\nConstructor: c\r\nX-L: \u00e9\r\ncontent-length: 256\r\n\r\n',
        'latin1',
        () => socket.write(ALL_BYTES),
      ),
    );
    const reply = answered(await senderTo().send(requestTo(server.origin), never));
    expect(reply.status).toBe(418);
    expect(Object.getPrototypeOf(reply.headers)).toBeNull();
    expect(Object.entries(reply.headers)).toEqual([
      ['x-a', '1'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['x-l', '\u00e9'],
      ['content-length', '256'],
    ]);
    expect(reply.body.equals(ALL_BYTES)).toBe(true);
  });

  it('keeps the first captureBytes of the body and no more', async () => {
    const server = await okServer();
    const reply = answered(await senderTo({ captureBytes: 1 }).send(requestTo(server.origin), never));
    expect(reply.body.toString()).toBe('o');
  });

  it.each([301, 302, 303, 307, 308])('is the %i itself: redirects are not followed', async (status) => {
    const server = await rawServer(({ socket }) =>
      socket.write(`HTTP/1.1 ${status} Go\r\nlocation: ${server.origin}/next\r\ncontent-length: 0\r\n\r\n`),
    );
    const reply = answered(await senderTo().send(requestTo(server.origin), never));
    expect([reply.status, reply.headers['location']]).toEqual([status, `${server.origin}/next`]);
    expect(server.connections.map((connection) => connection.received().toString())).toEqual([
      expect.not.stringContaining('/next'),
    ]);
  });

  it('is never decompressed', async () => {
    const packed = gzipSync(Buffer.alloc(1_000_000));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${packed.length}\r\n\r\n`;
    const server = await rawServer(({ socket }) => socket.write(Buffer.concat([Buffer.from(head), packed])));
    const reply = answered(await senderTo().send(requestTo(server.origin), never));
    expect(reply.body.equals(packed)).toBe(true);
  });

  it('is the final answer after informational ones', async () => {
    const server = await rawServer(({ socket }) =>
      socket.write(`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`),
    );
    const reply = answered(await senderTo().send(requestTo(server.origin), never));
    expect([reply.status, reply.headers['link'], reply.body.toString()]).toEqual([200, undefined, 'ok']);
  });

  it.each([
    ['a 204', 'POST', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['a 304 that announces a length', 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n', 304],
    ['an answer to HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n', 200],
    ['a body that ends with the connection', 'GET', 'HTTP/1.0 200 OK\r\n\r\n', 200],
  ])('is complete for %s', async (_what, method, answer, status) => {
    const server = await rawServer(({ socket }) => socket.end(answer));
    const reply = answered(await senderTo().send(requestTo(server.origin, { method }), never));
    expect([reply.status, reply.body.length]).toEqual([status, 0]);
  });

  it('carries the times at which things happened, in order', async () => {
    const server = await okServer();
    const { timings } = answered(await senderTo().send(requestTo(server.origin), never));
    const order = [0, timings.connectMs!, timings.firstByteMs!, timings.totalMs];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(timings.connectMs).toBeGreaterThan(0);
  });
});

describe('connections', () => {
  it('are reused, one in hand and one in turn', async () => {
    const server = await okServer();
    const sender = senderTo();
    // undici frees a connection one turn after its answer, so a request sent at once opens a second one.
    for (let n = 0; n < 10; n++) answered(await sender.send(requestTo(server.origin), never));
    expect(server.connections.length).toBeLessThanOrEqual(2);
  });

  it('are opened as many as there are requests at once', async () => {
    const server = await rawServer(({ socket }) => {
      if (server.connections.length === 50) for (const { socket: each } of server.connections) each.write(OK);
      return socket;
    });
    const sender = senderTo();
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => sender.send(requestTo(server.origin), never)),
    );
    expect(replies.map((reply) => answered(reply).status)).toEqual(Array(50).fill(200));
  });

  it('over TLS are made for the name in the URL and trusted authorities', async () => {
    const server = await rawTlsServer(({ socket }) => socket.write(OK));
    const url = `https://target.test:${server.port}/`;
    const reply = answered(await senderTo({ ca: TARGET_TEST_CERT }).send(requestTo(url), never));
    expect(reply.body.toString()).toBe('ok');
  });

  it.each([
    ['an unknown authority', {}, 'target.test'],
    ['a certificate of another name', { ca: TARGET_TEST_CERT }, 'other.test'],
  ])('fail as tls_failed for %s, every time', async (_what, options, host) => {
    const server = await rawTlsServer(({ socket }) => socket.write(OK));
    const sender = senderTo(options);
    for (let n = 0; n < 2; n++) {
      const reply = failed(await sender.send(requestTo(`https://${host}:${server.port}/`), never));
      expect([reply.stage, reply.code, reply.permanent]).toEqual(['not_sent', 'tls_failed', undefined]);
    }
    expect(server.connections.map((connection) => connection.received().length)).not.toContain(
      expect.any(Number),
    );
  });

  it('fail as tls_failed when the target speaks plain HTTP', async () => {
    const server = await rawServer(({ socket }) => socket.write(OK));
    const url = server.origin.replace('http:', 'https:');
    const sending = senderTo().send(requestTo(url, { timeoutMs: 20_000 }), never);
    await expect.poll(() => server.connections.length).toBe(1);
    server.connections[0]!.socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(failed(await sending)).toMatchObject({ stage: 'not_sent', code: 'tls_failed' });
  });

  it('fail as connect_failed when refused, and as dns_failed without an address', async () => {
    const sender = senderTo({
      lookup: scriptedLookup(new Error('getaddrinfo ENOTFOUND no.test'), [], ['127.0.0.1']),
    });
    const port = await closedPort();
    const codes = [];
    for (let n = 0; n < 3; n++)
      codes.push(failed(await sender.send(requestTo(`http://no.test:${port}/`), never)));
    expect(codes.map(({ stage, code }) => [stage, code])).toEqual([
      ['not_sent', 'dns_failed'],
      ['not_sent', 'dns_failed'],
      ['not_sent', 'connect_failed'],
    ]);
    expect(codes.map(({ message }) => message)).toEqual([
      'getaddrinfo ENOTFOUND no.test',
      'no.test has no address',
      expect.stringContaining('ECONNREFUSED'),
    ]);
  });

  it('come back after a failure: the pool does not stay broken', async () => {
    const server = await okServer();
    const sender = senderTo({ lookup: scriptedLookup(new Error('EAI_AGAIN'), ['127.0.0.1']) });
    const url = `http://some.test:${server.port}/`;
    expect((await sender.send(requestTo(url), never)).kind).toBe('failed');
    expect((await sender.send(requestTo(url), never)).kind).toBe('answered');
  });
});
