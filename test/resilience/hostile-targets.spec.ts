import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../support/length.js';
import { type RawConnection, rawServer, type RawServer } from '../support/loopback.js';
import { type Product, startProduct } from '../support/product.js';
import { redisUrl, TestApp } from '../support/test-app.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { until } from '../support/until.js';

const EACH = isLong ? 200 : 15;
/** The targets share a process with the API and this test: calls have to reach them in time where much else runs. */
const TIMEOUT_SEC = isLong ? 3 : 1;
/** Of calls that end by themselves. */
const AMPLE_SEC = 30;
const ENDS_WITHIN_MS = 60_000;
const MIB = 1024 * 1024;
/** What a worker may grow by while targets pour into it; a hundredth of what they send. */
const MOST_GROWTH = 100 * MIB;

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const CHUNK = Buffer.alloc(64 * 1024, 'a');
const BOMB = gzipSync(Buffer.alloc((isLong ? 500 : 50) * MIB));

let api: TestApp;
let worker: Product;
let sentBytes = 0;
let requests = 0;

beforeAll(async () => {
  api = await TestApp.start({ MODE: 'api' });
  worker = await startProduct({
    MODE: 'worker',
    REDIS_URL: redisUrl(),
    ALLOW_LOOPBACK_URLS: 'true',
    WORKER_CONCURRENCY: '50',
  });
});
afterAll(async () => {
  worker.child.kill('SIGKILL');
  await worker.ended;
  await api.stop();
});

/** Writes as fast as the other side reads, until it hangs up. */
function flood({ socket }: RawConnection, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk)) sentBytes += chunk.length;
  };
  socket.on('drain', more);
  more();
}

/** One piece every few milliseconds, until the other side hangs up. */
function drip({ socket }: RawConnection, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.once('close', () => {
    clearInterval(timer);
  });
}

type Behaviour = (connection: RawConnection, server: () => RawServer) => void;

/** What a target does, and what the attempt is to come to. */
const BEHAVIOURS: Record<string, [behave: Behaviour, state: string, outcome: object]> = {
  'never answers': [() => undefined, 'dead_letter', { class: 'ambiguous', error: { code: 'timeout' } }],
  'drips headers': [
    (connection) => {
      connection.socket.write('HTTP/1.1 200 OK\r\n');
      drip(connection, 'x-a: b\r\n');
    },
    'dead_letter',
    { error: { code: 'timeout' } },
  ],
  'drips a body': [
    (connection) => {
      connection.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n');
      drip(connection, 'a');
    },
    'dead_letter',
    { error: { code: 'timeout' } },
  ],
  'streams for ever': [
    (connection) => {
      connection.socket.write('HTTP/1.1 200 OK\r\n\r\n');
      flood(connection, CHUNK);
    },
    'completed',
    { status: 200 },
  ],
  'streams a failure for ever': [
    (connection) => {
      connection.socket.write('HTTP/1.1 500 No\r\n\r\n');
      flood(connection, CHUNK);
    },
    'dead_letter',
    { status: 500 },
  ],
  'sends a gzip bomb': [
    ({ socket }) => {
      const head = `HTTP/1.1 500 No\r\ncontent-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), BOMB]));
    },
    'dead_letter',
    { status: 500 },
  ],
  'sends headers for ever': [
    (connection) => {
      connection.socket.write('HTTP/1.1 200 OK\r\n');
      flood(connection, Buffer.from(`x-a: ${'b'.repeat(1000)}\r\n`));
    },
    'dead_letter',
    { error: { code: 'headers_too_large' } },
  ],
  'sends a status line for ever': [
    (connection) => {
      connection.socket.write('HTTP/1.1 200 ');
      flood(connection, CHUNK);
    },
    'dead_letter',
    { error: { code: 'answer_too_large' } },
  ],
  'sends the extension of a chunk for ever': [
    (connection) => {
      connection.socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;');
      flood(connection, CHUNK);
    },
    'dead_letter',
    { error: { code: 'answer_too_large' } },
  ],
  'redirects to itself': [
    ({ socket }, server) =>
      socket.write(`HTTP/1.1 302 Found\r\nlocation: ${server().origin}/\r\ncontent-length: 0\r\n\r\n`),
    'dead_letter',
    { status: 302 },
  ],
  'hangs up': [({ socket }) => socket.destroy(), 'dead_letter', { error: { code: 'connection_lost' } }],
};

const isDeadline = (outcome: object): boolean => JSON.stringify(outcome).includes('"timeout"');

async function targetThat(behave: Behaviour): Promise<RawServer> {
  const server: RawServer = await rawServer((connection) => {
    requests++;
    behave(connection, () => server);
  });
  return server;
}

function enqueue(url: string, fields: object = {}): Promise<string> {
  return api.enqueue({ url }, { max_retries: 0, timeout: AMPLE_SEC, ...fields });
}

/** Asks for one after the other: all at once would keep this process, and the targets in it, from anything else. */
async function allIn(state: string, ids: readonly string[]): Promise<TaskView[]> {
  const tasks: TaskView[] = [];
  for (const id of ids) tasks.push(await api.taskIn(state, id, ENDS_WITHIN_MS));
  return tasks;
}

/** Resident memory of the worker in bytes, as the kernel counts it. */
function memory(): number {
  const status = readFileSync(`/proc/${worker.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

describe('targets that mean harm', () => {
  it.each(Object.entries(BEHAVIOURS))(
    'one that %s costs an attempt, and little memory',
    async (name, expected) => {
      const [behave, state, outcome] = expected;
      const target = await targetThat(behave);
      await warmUp();
      const before = memory();
      let most = before;
      const watch = setInterval(() => (most = Math.max(most, memory())), 20);
      sentBytes = 0;
      requests = 0;
      const timeout = isDeadline(outcome) ? TIMEOUT_SEC : AMPLE_SEC;
      const ids = await Promise.all(Array.from({ length: EACH }, () => enqueue(target.origin, { timeout })));
      const tasks = await allIn(state, ids);
      clearInterval(watch);
      for (const { attempts } of tasks) {
        expect(attempts).toMatchObject([outcome]);
        expect(Buffer.byteLength(attempts[0]?.response ?? '')).toBeLessThanOrEqual(3 * 2048);
      }
      // Nothing was followed, sent twice or left open.
      expect(requests).toBe(EACH);
      await until(
        () => name.startsWith('redirects') || target.connections.every(({ socket }) => socket.destroyed),
      );
      expect(most - before).toBeLessThan(MOST_GROWTH);
      const grown = Math.round((most - before) / MIB);
      process.stdout.write(
        `hostile-targets: ${name}, ${EACH} times: ${state}, worker grew by ${grown} MiB, target wrote ${Math.round(sentBytes / MIB)} MiB\n`,
      );
    },
  );

  it('surplus bytes after an answer are not the answer to the next task', async () => {
    const target = await targetThat(({ socket }) => socket.write(OK + OK.replace('200 OK', '500 Smuggled')));
    for (let n = 0; n < 5; n++) await api.taskIn('completed', await enqueue(target.origin));
  });

  it('many slow targets of one client leave the others their slots', async () => {
    await api.post('/admin/clients/set', { client_id: 'slow-client', tier: 'premium' });
    const slow = await targetThat(() => undefined);
    const quick = await targetThat(({ socket }) => socket.write(OK));
    const held = await Promise.all(
      Array.from({ length: 150 }, () => enqueue(slow.origin, { client_id: 'slow-client', timeout: 600 })),
    );
    await until(() => slow.connections.length >= 20);
    const ids = await Promise.all(
      Array.from({ length: 100 }, () => enqueue(quick.origin, { client_id: 'quick-client' })),
    );
    await allIn('completed', ids);
    const states = await Promise.all(
      held.map(async (id) => (await api.get(`/v1/tasks/${id}`)).body['state']),
    );
    // All of it was done while the slow ones were still waiting for their answer.
    expect(states.filter((state) => state === 'completed' || state === 'dead_letter')).toEqual([]);
    const running = states.filter((state) => state === 'running').length;
    expect(running).toBe(20);
    process.stdout.write(
      `hostile-targets: ${running} of 50 slots held by slow targets of one client, 100 of 100 tasks of another done\n`,
    );
    await Promise.all(held.map((id) => api.send('DELETE', `/v1/tasks/${id}`)));
  });
});

/** As many calls as a test makes, of a target that behaves: code is compiled and buffers are there. */
async function warmUp(): Promise<void> {
  const target = await targetThat(({ socket }) => socket.write(OK));
  const ids = await Promise.all(Array.from({ length: EACH }, () => enqueue(target.origin)));
  await allIn('completed', ids);
}
