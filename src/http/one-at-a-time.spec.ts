import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { earlyRefusals } from './early-refusals.js';
import { answerOneAtATime } from './one-at-a-time.js';

const WAITING = 5;

let server: FastifyInstance;
let running: number;
let most: number;
let handled: string[];
let release: (() => void)[];

beforeEach(async () => {
  vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
  [running, most, handled, release] = [0, 0, [], []];
  server = fastify({ clientErrorHandler: earlyRefusals.clientErrorHandler });
  answerOneAtATime(server, WAITING);
  server.get('/held/:n', async ({ params }) => {
    const { n } = params as { n: string };
    handled.push(n);
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => release.push(resolve));
    running--;
    return n;
  });
  server.post('/length', ({ body }) => String((body as string).length));
  server.get('/broken', () => Promise.reject(new Error('broken')));
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  server.server.closeAllConnections();
  await server.close();
});

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const held = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => get(`/held/${from + at}`)).join('');

async function connection(): Promise<{ socket: Socket; said: () => string; isClosed: () => boolean }> {
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  let isClosed = false;
  socket.setEncoding('latin1').on('data', (data) => (text += String(data)));
  socket.on('error', () => undefined).on('close', () => (isClosed = true));
  await once(socket, 'connect');
  return { socket, said: () => text, isClosed: () => isClosed };
}

/** Lets go of what runs until so many have been. */
async function releaseAll(count: number): Promise<void> {
  await expect
    .poll(() => {
      for (const go of release.splice(0)) go();
      return handled.length;
    })
    .toBe(count);
  for (const go of release.splice(0)) go();
}

describe('requests that are sent without waiting for answers', () => {
  it('are worked on one after the other, and answered in their order', async () => {
    const { socket, said } = await connection();
    socket.write(held(1, 1 + WAITING));
    await expect.poll(() => handled).toEqual(['1']);
    await releaseAll(1 + WAITING);
    await expect
      .poll(() =>
        said()
          .match(/(?<=\r\n\r\n)\d/g)
          ?.join(),
      )
      .toBe('1,2,3,4,5,6');
    expect([most, handled.join()]).toEqual([1, '1,2,3,4,5,6']);
    socket.write(get('/nowhere') + get('/broken') + held(7, 7));
    await releaseAll(7);
    await expect.poll(() => said().match(/HTTP\/1\.1 (?:200|404|500)/g)).toHaveLength(9);
  });

  it('end the connection when more wait than may', async () => {
    const { socket, isClosed } = await connection();
    socket.write(held(1, 2 + WAITING));
    await expect.poll(isClosed).toBe(true);
    const other = await connection();
    other.socket.write(held(100, 100));
    await expect.poll(() => handled).toEqual(['1', '100']);
    await releaseAll(2);
    expect(most).toBe(2);
  });

  it('do not wait for those of other connections', async () => {
    const connections = await Promise.all([connection(), connection(), connection()]);
    connections.forEach(({ socket }, at) => socket.write(held(at, at)));
    await expect.poll(() => most).toBe(3);
  });

  it('are forgotten when the connection ends', async () => {
    const { socket, isClosed } = await connection();
    socket.write(held(1, 3));
    await expect.poll(() => handled).toEqual(['1']);
    socket.destroy();
    await expect.poll(isClosed).toBe(true);
    await releaseAll(1);
    await new Promise(setImmediate);
    expect(handled).toEqual(['1']);
  });
});

describe('what is no request is refused', () => {
  const length =
    'POST /length HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n';
  const NO_REQUEST = 'NONSENSE\r\n\r\n';

  it.each([
    ['at the beginning', NO_REQUEST],
    ['in the middle of a body', `${length}3\r\nabc\r\nXYZ\r\n`],
  ])('%s', async (_, text) => {
    const { socket, said, isClosed } = await connection();
    socket.write(text);
    await expect.poll(isClosed).toBe(true);
    expect(said()).toMatch(/^HTTP\/1\.1 400 .*malformed_request[^}]*}$/s);
  });

  it('after an answer', async () => {
    const { socket, said, isClosed } = await connection();
    socket.write(`${length}3\r\nabc\r\n0\r\n\r\n`);
    await expect.poll(said).toMatch(/\r\n\r\n3$/);
    socket.write(NO_REQUEST);
    await expect.poll(isClosed).toBe(true);
    expect(said()).toMatch(/\r\n\r\n3HTTP\/1\.1 400 /);
  });

  it.each([
    ['one that is worked on', held(1, 1)],
    ['one that waits', held(1, 2)],
    ['one that waits, of which only a part has come', held(1, 1) + length],
  ])('without a word behind %s, which nobody could take for its answer', async (_, requests) => {
    const { socket, said, isClosed } = await connection();
    socket.write(requests);
    await expect.poll(() => handled).toEqual(['1']);
    socket.write(NO_REQUEST);
    await expect.poll(isClosed).toBe(true);
    expect(said()).toBe('');
  });
});
