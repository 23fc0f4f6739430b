import { describe, expect, it } from 'vitest';
import { closeAfterTest, RawConnection, rawServer, rawTlsServer } from '../../test/support/loopback.js';
import {
  answered,
  failed,
  guardOf,
  never,
  requestTo,
  scriptedLookup,
  senderTo,
} from '../../test/support/sending.js';
import { TARGET_TEST_CERT } from '../../test/support/tls-fixture.js';
import { AbortHandle } from '../queue/abort-handle.js';
import { MAX_READ_BYTES } from './answer-limit.js';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Writes `chunk` again and again until the other side hangs up. */
function drip({ socket }: RawConnection, chunk: string | Buffer): void {
  const timer = setInterval(() => socket.write(chunk), 1);
  const stop = () => {
    clearInterval(timer);
  };
  socket.once('close', stop);
  closeAfterTest(stop);
}

/** Writes as fast as the other side reads, until it hangs up. */
function flood({ socket }: RawConnection, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

async function sendTo(onRequest: (connection: RawConnection) => void, timeoutMs = 20_000) {
  const server = await rawServer(onRequest);
  const reply = await senderTo().send(requestTo(server.origin, { timeoutMs }), never);
  return { server, reply };
}

/** undici takes a connection again a turn after its answer, and until then opens another one. */
const freeAgain = () => new Promise(setImmediate);

const allClosed = (connections: readonly RawConnection[]) =>
  connections.every(({ socket }) => socket.destroyed);

describe('a target that takes its time', () => {
  it.each<[string, (connection: RawConnection) => void, number?]>([
    ['says nothing', () => undefined],
    [
      'drips its headers',
      (connection) => {
        connection.socket.write('HTTP/1.1 200 OK\r\n');
        drip(connection, 'x-a: b\r\n');
      },
    ],
    [
      'drips its status line',
      (connection) => {
        connection.socket.write('HTTP/1.1 200 ');
        drip(connection, 'a');
      },
    ],
    [
      'drips a body of known length',
      (connection) => {
        connection.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n');
        drip(connection, 'a');
      },
      200,
    ],
    [
      'drips chunks',
      (connection) => {
        connection.socket.write('HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n');
        drip(connection, '1\r\na\r\n');
      },
      503,
    ],
  ])('and %s meets the deadline, and its connection ends', async (_what, behaviour, status) => {
    const { server, reply } = await sendTo(behaviour, 100);
    expect(failed(reply)).toMatchObject({ stage: 'ambiguous', code: 'timeout', status });
    expect(reply.timings.totalMs).toBeGreaterThanOrEqual(99);
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });

  it('before the connection stands was not sent anything', async () => {
    let asked = 0;
    const sender = senderTo({
      lookup: () => {
        asked += 1;
      },
    });
    const reply = failed(await sender.send(requestTo('http://name.test/', { timeoutMs: 30 }), never));
    expect([reply.stage, reply.code, asked]).toEqual(['not_sent', 'timeout', 1]);
  });

  it('and connects after the deadline gets no byte', async () => {
    const server = await rawServer(({ socket }) => socket.write(OK));
    let answer = () => undefined as unknown;
    const sender = senderTo({
      lookup: (_name, _options, callback) => {
        answer = () => {
          callback(null, [{ address: '127.0.0.1', family: 4 }]);
        };
      },
    });
    const reply = failed(
      await sender.send(requestTo(`http://name.test:${server.port}/`, { timeoutMs: 30 }), never),
    );
    expect([reply.stage, reply.code]).toEqual(['not_sent', 'timeout']);
    answer();
    await expect.poll(() => server.connections.length === 1 && allClosed(server.connections)).toBe(true);
    expect(server.connections[0]!.received()).toHaveLength(0);
  });

  it('may take longer than a timer can count', async () => {
    const { reply } = await sendTo(({ socket }) => setImmediate(() => socket.write(OK)), 2 ** 40);
    expect(reply.kind).toBe('answered');
  });
});

describe('a target that says too much', () => {
  it.each([
    ['without length', 'HTTP/1.1 200 OK\r\n\r\n', Buffer.alloc(1000, 'a')],
    ['of huge length', 'HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n', Buffer.alloc(1000, 'a')],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      Buffer.from(`3e8\r\n${'a'.repeat(1000)}\r\n`),
    ],
  ])('in a body %s is answered with the first 64 KiB and cut off', async (_what, head, chunk) => {
    const { server, reply } = await sendTo((connection) => {
      connection.socket.write(head);
      flood(connection, chunk);
    });
    expect(answered(reply).body.equals(Buffer.alloc(MAX_READ_BYTES, 'a'))).toBe(true);
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });

  it('in its headers fails as headers_too_large', async () => {
    const { reply } = await sendTo((connection) => {
      connection.socket.write('HTTP/1.1 200 OK\r\n');
      flood(connection, Buffer.from(`x-a: ${'b'.repeat(1000)}\r\n`));
    });
    expect(failed(reply)).toMatchObject({ stage: 'ambiguous', code: 'headers_too_large' });
  });

  it.each([
    ['a status line', 'HTTP/1.1 200 ', 'b'],
    ['the extension of a chunk', 'HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n1;', 'b'],
    ['the length of a chunk', 'HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n', '0'],
  ])(
    'in %s without an end, of which nothing is handed on, fails as answer_too_large',
    async (_, head, bytes) => {
      const { server, reply } = await sendTo((connection) => {
        connection.socket.write(head);
        flood(connection, Buffer.alloc(65_536, bytes));
      }, 3_000);
      expect(failed(reply)).toMatchObject({ stage: 'ambiguous', code: 'answer_too_large' });
      await expect.poll(() => allClosed(server.connections)).toBe(true);
    },
  );

  it('over TLS is cut off as well', async () => {
    const server = await rawTlsServer((connection) => {
      connection.socket.write('HTTP/1.1 200 ');
      flood(connection, Buffer.alloc(65_536, 'b'));
    });
    const sender = senderTo({ ca: TARGET_TEST_CERT });
    const request = requestTo(`https://target.test:${server.port}/`, { timeoutMs: 3_000 });
    expect(failed(await sender.send(request, never))).toMatchObject({ code: 'answer_too_large' });
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });

  it('byte by byte in chunks is read as far as any other body, as often as it comes', async () => {
    const chunks = '1\r\na\r\n'.repeat(MAX_READ_BYTES - 1);
    const answer = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
    const server = await rawServer(({ socket }) => socket.write(answer));
    const sender = senderTo();
    for (let n = 0; n < 12; n++) {
      const { body } = answered(await sender.send(requestTo(server.origin), never));
      expect(body).toHaveLength(MAX_READ_BYTES - 1);
      await freeAgain();
    }
    expect(server.connections).toHaveLength(1);
  });

  it('is measured anew for every request on a connection', async () => {
    const body = 'a'.repeat(MAX_READ_BYTES - 1);
    const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const server = await rawServer(({ socket }, nth) => socket.write(nth < 20 ? answer : 'HTTP/1.1 200 '));
    const sender = senderTo();
    for (let n = 0; n < 20; n++) {
      answered(await sender.send(requestTo(server.origin), never));
      await freeAgain();
    }
    const sending = sender.send(requestTo(server.origin, { timeoutMs: 3_000 }), never);
    await expect.poll(() => server.connections[0]!.received().toString().split('POST').length).toBe(22);
    flood(server.connections[0]!, Buffer.alloc(65_536, 'b'));
    expect(failed(await sending)).toMatchObject({ code: 'answer_too_large' });
    expect(server.connections).toHaveLength(1);
  });

  it('in 1xx answers fails as bad_answer', async () => {
    const { server, reply } = await sendTo((connection) => {
      flood(connection, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'));
    });
    expect(failed(reply)).toMatchObject({ stage: 'ambiguous', code: 'bad_answer' });
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });

  it('after its answer is not believed in the next one', async () => {
    const server = await rawServer(({ socket }) => socket.write(OK + OK.replace('200 OK', '299 Smuggled')));
    const sender = senderTo();
    for (let n = 0; n < 3; n++)
      expect(answered(await sender.send(requestTo(server.origin), never)).status).toBe(200);
  });
});

describe('a target that breaks off', () => {
  it.each<[string, string, (connection: RawConnection) => void]>([
    ['at once', 'connection_lost', ({ socket }) => socket.destroy()],
    ['with a reset', 'connection_lost', ({ socket }) => socket.resetAndDestroy()],
    ['within its headers', 'connection_lost', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nx: y')],
    [
      'within its body',
      'connection_lost',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'),
    ],
    [
      'within its last body',
      'connection_lost',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nok'),
    ],
    [
      'within its chunks',
      'connection_lost',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nok'),
    ],
    [
      'with a reset within its body',
      'connection_lost',
      ({ socket }) =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok', () => socket.resetAndDestroy()),
    ],
    ['speaking something else', 'bad_answer', ({ socket }) => socket.end('-ERR unknown command\r\n')],
    [
      'with two lengths',
      'connection_lost',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
    ],
    [
      'with a bad chunk',
      'bad_answer',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
    ],
    [
      'after 100 Continue, which nobody asked for',
      'bad_answer',
      ({ socket }) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`),
    ],
    [
      'to switch protocols',
      'bad_answer',
      ({ socket }) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('%s is %s, and may have acted', async (_what, code, behaviour) => {
    const { reply } = await sendTo(behaviour);
    expect(failed(reply)).toMatchObject({ stage: 'ambiguous', code });
    expect(failed(reply).permanent).toBeUndefined();
  });

  it('on a reused connection is not sent the request a second time', async () => {
    let requests = 0;
    const server = await rawServer(({ socket }) => {
      requests += 1;
      if (requests === 1) socket.write(OK);
      else socket.destroy();
    });
    const sender = senderTo();
    for (const method of ['POST', 'GET']) {
      requests = 0;
      await sender.send(requestTo(server.origin, { method }), never);
      await new Promise(setImmediate);
      const reply = failed(await sender.send(requestTo(server.origin, { method }), never));
      expect([reply.code, reply.stage, requests]).toEqual(['connection_lost', 'ambiguous', 2]);
    }
  });
});

describe('calling off', () => {
  it('before sending makes no connection', async () => {
    const server = await rawServer(({ socket }) => socket.write(OK));
    const sender = senderTo();
    const calledOff = new AbortHandle();
    calledOff.abort();
    const reply = failed(await sender.send(requestTo(server.origin), calledOff));
    expect([reply.stage, reply.code]).toEqual(['not_sent', 'aborted']);
    expect((await sender.send(requestTo(server.origin), never)).kind).toBe('answered');
    expect(server.connections).toHaveLength(1);
  });

  it('while connecting was not sent; the connection gets no byte', async () => {
    const server = await rawServer(({ socket }) => socket.write(OK));
    const caller = new AbortHandle();
    const lookup = scriptedLookup(['127.0.0.1']);
    const sending = senderTo({ lookup }).send(requestTo(`http://name.test:${server.port}/`), caller);
    caller.abort();
    expect(failed(await sending)).toMatchObject({ stage: 'not_sent', code: 'aborted' });
    await expect.poll(() => server.connections.length === 1 && allClosed(server.connections)).toBe(true);
    expect(server.connections[0]!.received()).toHaveLength(0);
  });

  it('while the target works is ambiguous and ends the connection', async () => {
    const caller = new AbortHandle();
    const server = await rawServer(() => {
      caller.abort();
    });
    const reply = failed(await senderTo().send(requestTo(server.origin), caller));
    expect([reply.stage, reply.code]).toEqual(['ambiguous', 'aborted']);
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });

  it('after the answer changes nothing', async () => {
    const server = await rawServer(({ socket }) => socket.write(OK));
    const caller = new AbortHandle();
    const reply = await senderTo().send(requestTo(server.origin), caller);
    caller.abort();
    expect(reply.kind).toBe('answered');
  });

  it('by closing the sender ends a connection that is still being made', async () => {
    const server = await rawServer(() => undefined);
    const sender = senderTo({ connectTimeoutMs: 60_000 });
    const greeting = sender.send(requestTo(server.origin.replace('http', 'https')), never);
    await expect.poll(() => server.connections.length).toBe(1);
    await sender.close();
    expect(failed(await greeting)).toMatchObject({ stage: 'not_sent', code: 'aborted' });
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });

  it('by closing the sender ends running, connecting and later sends, without rejecting', async () => {
    const server = await rawServer(() => undefined);
    const sender = senderTo({
      guard: guardOf(),
      lookup: () => undefined,
    });
    const running = sender.send(requestTo(server.origin), never);
    const connecting = sender.send(requestTo('http://name.test/'), never);
    await expect
      .poll(() => server.connections.length && server.connections[0]!.received().length)
      .toBeGreaterThan(0);
    await sender.close();
    const later = sender.send(requestTo(server.origin), never);
    const replies = (await Promise.all([running, connecting, later])).map(failed);
    expect(replies.map(({ stage, code }) => [stage, code])).toEqual([
      ['ambiguous', 'aborted'],
      ['not_sent', 'aborted'],
      ['not_sent', 'aborted'],
    ]);
    await expect.poll(() => allClosed(server.connections)).toBe(true);
  });
});
