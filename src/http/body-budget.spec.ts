import { type AddressInfo, connect, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bodyBudget, boundBodies } from './body-budget.js';
import { sendProblem } from './send-problem.js';
import { toProblem } from './to-problem.js';

const KIB = 1024;
const MOST = 1024 * KIB;

let server: FastifyInstance;
let release: (() => void)[];
beforeEach(async () => {
  release = [];
  server = fastify({ bodyLimit: 800 * KIB });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  server.setErrorHandler((error, _request, reply) => {
    sendProblem(reply, toProblem(error));
  });
  boundBodies(server, MOST);
  server.post('/length', ({ body }) => String((body as Buffer).length));
  server.post('/held', async ({ body }) => {
    await new Promise<void>((resolve) => release.push(resolve));
    return String((body as Buffer).length);
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(async () => {
  for (const go of release) go();
  server.server.closeAllConnections();
  await server.close();
});

const url = () => `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;

async function post(
  path: string,
  bytes: number,
): Promise<[status: number, text: string, retryAfter: string | null]> {
  const init = { method: 'POST', headers: { 'content-type': 'a/b' }, body: Buffer.alloc(bytes, 'a') };
  const response = await fetch(url() + path, init);
  return [response.status, await response.text(), response.headers.get('retry-after')];
}

/** Begins to send a body and stops there. */
function begin(
  bytes: number,
  framing = `Content-Length: ${700 * KIB}`,
): Promise<{ socket: Socket; said: () => string }> {
  const { port, hostname } = new URL(url());
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => {
      socket.write(`POST /length HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\n${framing}\r\n\r\n`);
      socket.write(Buffer.alloc(bytes, 'a'), () => {
        resolve({ socket, said: () => text });
      });
    });
    socket.on('error', () => undefined).on('data', (data) => (text += String(data)));
  });
}

describe('bodies that are in memory at a time', () => {
  it('are as they were sent, and their room is free again when they are answered', async () => {
    for (let n = 0; n < 5; n++) {
      for (const size of [1, 64 * KIB, 64 * KIB + 1, 799 * KIB]) {
        expect(await post('/length', size)).toEqual([200, String(size), null]);
      }
    }
  });

  it('are refused beyond the bound, and taken again when there is room', async () => {
    const held = post('/held', 700 * KIB);
    await expect.poll(() => release.length).toBe(1);
    const [status, text, retryAfter] = await post('/length', 700 * KIB);
    expect([status, retryAfter]).toEqual([503, '1']);
    expect(text).toContain('MAX_BODIES_BYTES');
    expect((await post('/length', 200 * KIB))[0]).toBe(200);
    release[0]!();
    expect(await held).toEqual([200, String(700 * KIB), null]);
    expect((await post('/length', 700 * KIB))[0]).toBe(200);
  });

  it('count by what has come of them, not by what they announce', async () => {
    const slow = await Promise.all(Array.from({ length: 10 }, () => begin(10 * KIB)));
    expect((await post('/length', 700 * KIB))[0]).toBe(200);
    for (const { socket } of slow) socket.destroy();
  });

  it('count while they come, also without a length, and no more when their sender is gone', async () => {
    const chunk = `${(600 * KIB).toString(16)}\r\n`;
    const slow = await begin(0, 'Transfer-Encoding: chunked');
    slow.socket.write(chunk + 'a'.repeat(500 * KIB));
    await expect.poll(async () => (await post('/length', 700 * KIB))[0]).toBe(503);
    slow.socket.destroy();
    await expect.poll(async () => (await post('/length', 700 * KIB))[0]).toBe(200);
  });

  it('that are small need no room', async () => {
    const held = [post('/held', 700 * KIB), post('/held', 300 * KIB)];
    await expect.poll(() => release.length).toBe(2);
    expect((await post('/length', 100 * KIB))[0]).toBe(503);
    expect((await post('/length', 64 * KIB))[0]).toBe(200);
    for (const go of release) go();
    await Promise.all(held);
  });
});

describe('bodyBudget', () => {
  const MIB = 1024 * KIB;
  const budget = (heap: number) => bodyBudget(256 * MIB, 8 * MIB, heap * MIB) / MIB;

  it('is a sixth of what the heap has above what the process itself takes', () => {
    expect([270, 570].map(budget)).toEqual([30, 80]);
  });

  it('leaves room for the largest body, and is never more than was said', () => {
    expect([64, 90, 120].map(budget)).toEqual([8, 8, 8]);
    expect(budget(4144)).toBe(256);
  });
});
