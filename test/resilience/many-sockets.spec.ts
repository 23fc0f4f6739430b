import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../support/length.js';
import { type Product, startProduct } from '../support/product.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

const MIB = 1024 * 1024;
const MAX_CONNECTIONS = isLong ? 2000 : 200;
const NOT_READING = 20;
const MAX_BODIES = 16 * MIB;
/** Each begins to send nearly a mebibyte, and stops there. */
const HALF_SENT = isLong ? 1000 : 180;
/** As much as Node reads at a time. */
const READ_AT_A_TIME = 65_536;
const WAITING = 90;

let api: Product;
/** What the API holds by itself, and the connections of this test's own questions. */
let filesAtRest: number;
const sockets: Socket[] = [];

beforeAll(async () => {
  api = await startProduct({
    MODE: 'api',
    REDIS_URL: redisUrl(),
    MAX_CONNECTIONS: String(MAX_CONNECTIONS),
    MAX_BODIES_BYTES: String(MAX_BODIES),
  });
  filesAtRest = openFiles() + 10;
});
afterAll(async () => {
  api.child.kill('SIGKILL');
  await api.ended;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await until(() => openFiles() <= filesAtRest);
});

/** Resident memory of the API in bytes, as the kernel counts it. */
function memory(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${api.pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Files and sockets that the API holds. */
function openFiles(): number {
  return readdirSync(`/proc/${api.pid}/fd`).length;
}

/** A connection that says something, and reads only when it is told to. */
function open(says = ''): Promise<Socket> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(says);
      resolve(socket);
    });
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
}

const get = (path: string, times: number) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(times);

/** Runs `attack` and, while others are served, gives the most memory and files that it made the API take. */
async function cost(attack: () => Promise<unknown>): Promise<{ grown: number; files: number }> {
  await (await fetch(`${api.url}/openapi.json`)).text();
  const [memoryBefore, filesBefore] = [memory(), openFiles()];
  const cost = { grown: 0, files: 0 };
  const watch = setInterval(() => {
    cost.grown = Math.max(cost.grown, memory() - memoryBefore);
    cost.files = Math.max(cost.files, openFiles() - filesBefore);
  }, 10);
  await attack();
  for (let n = 0; n < 20; n++) expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  clearInterval(watch);
  return cost;
}

describe('connections that do not read', () => {
  it.each(['/version', '/openapi.json', '/docs/swagger-ui-bundle.js'])(
    'and ask for %s as often as they can cost little',
    async (path) => {
      const flood = get(path, Math.floor(READ_AT_A_TIME / get(path, 1).length));
      const { grown, files } = await cost(() =>
        Promise.all(Array.from({ length: NOT_READING }, () => open(flood.repeat(20)))),
      );
      process.stdout.write(
        `many-sockets: ${NOT_READING} flood ${path} and do not read: grew by ${Math.round(grown / MIB)} MiB, ${files} files\n`,
      );
      expect(grown).toBeLessThan(300 * MIB);
      expect(files).toBeLessThan(3 * NOT_READING);
    },
  );

  it('and ask for as much as may wait are worked on one answer at a time', async () => {
    const path = '/docs/swagger-ui-bundle.js';
    const { grown, files } = await cost(() =>
      Promise.all(Array.from({ length: NOT_READING }, () => open(get(path, WAITING)))),
    );
    process.stdout.write(
      `many-sockets: ${NOT_READING} wait for ${WAITING} large answers each and do not read: grew by ${Math.round(grown / MIB)} MiB, ${files} files\n`,
    );
    expect(grown).toBeLessThan(300 * MIB);
    expect(files).toBeLessThan(3 * NOT_READING);
  });

  if (isLong) {
    it('are cut off in the end', async () => {
      for (let n = 0; n < NOT_READING; n++) await open(get('/docs/swagger-ui-bundle.js', WAITING));
      await until(() => openFiles() > filesAtRest + NOT_READING);
      await until(() => openFiles() <= filesAtRest, { timeoutMs: 200_000, every: 500 });
    }, 240_000);
  }
});

describe('connections that send most of a body', () => {
  it('are bounded by MAX_BODIES_BYTES, and small requests are served', async () => {
    const head = 'POST /v1/enqueue HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    const half = `${head}Content-Length: ${MIB}\r\n\r\n${' '.repeat(MIB - 1000)}`;
    const answers: string[] = [];
    const { grown } = await cost(async () => {
      for (let n = 0; n < HALF_SENT; n++) {
        const socket = await open(half);
        socket.on('data', (data) => answers.push(String(data)));
      }
      await until(() => answers.length >= HALF_SENT - MAX_BODIES / MIB - 1, { timeoutMs: 20_000 });
      const body = JSON.stringify({ client_id: 'test-client', task: { url: 'https://a.example/' } });
      const small = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      expect((await fetch(`${api.url}/v1/enqueue`, small)).status).toBe(202);
    });
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 503 '))).toBe(true);
    process.stdout.write(
      `many-sockets: ${HALF_SENT} send most of a mebibyte: ${answers.length} refused, grew by ${Math.round(grown / MIB)} MiB\n`,
    );
    expect(grown).toBeLessThan(120 * MIB);
  });
});

describe('connections that say nothing', () => {
  it('are bounded by MAX_CONNECTIONS; what is open is served, and what comes when there is room', async () => {
    const before = openFiles();
    const served = await open();
    const { grown } = await cost(async () => {
      while (sockets.length < MAX_CONNECTIONS - 20) await open();
    });
    for (let n = 0; n < 100; n++) await open();
    await until(() => sockets.filter(({ destroyed }) => destroyed).length >= 70);
    expect(openFiles() - before).toBeLessThanOrEqual(MAX_CONNECTIONS);
    await until(() => /connections refused: \d+ are open.*MAX_CONNECTIONS/.test(api.output()), {
      timeoutMs: 20_000,
    });
    const answer = new Promise((resolve) => served.once('data', resolve));
    served.write(get('/health', 1));
    expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 /);
    process.stdout.write(
      `many-sockets: ${MAX_CONNECTIONS} open, of 100 more ${sockets.filter(({ destroyed }) => destroyed).length} refused, grew by ${Math.round(grown / MIB)} MiB\n`,
    );
    for (const socket of sockets.splice(0)) socket.destroy();
    await until(async () => (await fetch(`${api.url}/health`)).ok);
  });
});
