import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeAfterTest, closedPort, rawServer } from '../support/loopback.js';
import type { Spawned } from '../support/processes.js';
import { launchProduct, refusedStart } from '../support/product.js';
import { RedisNode } from '../support/redis-node.js';
import { redisUrl } from '../support/test-app.js';
import { until } from '../support/until.js';

describe('while Redis is awaited', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the start at once and in order, with 0',
    async (signal) => {
      const silent = await rawServer(() => undefined);
      const port = await closedPort();
      const starting = launchProduct({
        PORT: String(port),
        REDIS_URL: `redis://127.0.0.1:${silent.port}`,
        REDIS_RETRY_INTERVAL_SEC: '60',
      });
      closeAfterTest(() => void starting.child.kill('SIGKILL'));
      const live = `http://127.0.0.1:${port}/health/live`;
      await until(async () => (await fetch(live)).status === 200, { timeoutMs: 20_000 });
      const since = performance.now();
      starting.child.kill(signal);
      expect(await starting.ended).toBe(0);
      expect(performance.now() - since).toBeLessThan(2500);
      expect(starting.output()).toMatch(/"step":"http"/);
      expect(starting.output()).not.toMatch(/"level":"error"|^ +at /m);
    },
  );
});

describe('while Redis answers and refuses every write', () => {
  it('says so once, and not how the connection is opened again and again', async () => {
    const full = await RedisNode.start(['min-replicas-to-write 1']);
    closeAfterTest(() => full.remove());
    const starting = launchProduct({ REDIS_URL: full.url });
    closeAfterTest(() => void starting.child.kill('SIGKILL'));
    const refusals = async (): Promise<number> => {
      const info = await full.ask((redis) => redis.info('errorstats'));
      return Number(/NOREPLICAS:count=(\d+)/.exec(info)?.[1] ?? 0);
    };
    await until(async () => (await refusals()) > 20, { timeoutMs: 20_000 });
    const lines = starting.output().split('\n');
    expect(lines.filter((line) => line.includes('the store did not take'))).toEqual([
      expect.stringContaining('NOREPLICAS Not enough good replicas to write'),
    ]);
    expect(lines.filter((line) => line.includes('worker connection')).length).toBeLessThanOrEqual(1);
    expect(starting.output()).not.toContain('"stack"');
  });

  it.each([
    ['read', () => undefined],
    [
      'not read any more',
      ({ child }: Spawned) => {
        child.stdout.destroy();
        child.stderr.destroy();
      },
    ],
  ])('SIGTERM ends the start at once, with a log that is %s', async (_, prepare) => {
    const full = await RedisNode.start(['min-replicas-to-write 1']);
    closeAfterTest(() => full.remove());
    const starting = launchProduct({ REDIS_URL: full.url, SHUTDOWN_TIMEOUT_SEC: '600' });
    closeAfterTest(() => void starting.child.kill('SIGKILL'));
    await until(() => starting.output().includes('the store did not take'), { timeoutMs: 20_000 });
    prepare(starting);
    starting.child.kill('SIGTERM');
    expect(await starting.ended).toBe(0);
  });
});

describe('a Redis that does not answer', () => {
  it('refuses the start in the end with one line that says where it was looked for, and why', async () => {
    const redis = await closedPort();
    const { code, output } = await refusedStart({
      PORT: '0',
      BIND_ADDRESS: '127.0.0.1',
      REDIS_URL: `redis://:secret@127.0.0.1:${redis}`,
      REDIS_CONNECT_RETRIES: '2',
      REDIS_RETRY_INTERVAL_SEC: '0.2',
      LOG_LEVEL: 'error',
    });
    expect(code).toBe(1);
    expect(output).not.toMatch(/^ +at /m);
    expect(output.trim().split('\n').at(-1)).toBe(
      `Redis at 127.0.0.1:${redis} did not answer 2 times (connect ECONNREFUSED 127.0.0.1:${redis}). Check the server and the REDIS_ settings.`,
    );
  });
});

it('all lines of a start have one shape, from the first on', async () => {
  const { output } = await refusedStart({
    PORT: '0',
    BIND_ADDRESS: '127.0.0.1',
    REDIS_URL: `redis://127.0.0.1:${await closedPort()}`,
    REDIS_CONNECT_RETRIES: '1',
    REDIS_RETRY_INTERVAL_SEC: '0.2',
  });
  const lines = output
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  expect(lines[0]).toContain('ECONNREFUSED');
  for (const line of lines) {
    expect(Object.keys(JSON.parse(line) as object).slice(0, 4)).toEqual(['level', 'time', 'mode', 'context']);
  }
});

/** What a start says whose port is taken. */
async function startOnTakenPort(logLevel: string): Promise<{ port: number; code: unknown; output: string }> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  closeAfterTest(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const refused = await refusedStart({
    PORT: String(port),
    BIND_ADDRESS: '127.0.0.1',
    REDIS_URL: redisUrl(),
    LOG_LEVEL: logLevel,
  });
  return { port, ...refused };
}

describe('a port that is taken', () => {
  it('refuses the start with one line that says what to do', async () => {
    const { port, code, output } = await startOnTakenPort('error');
    expect(code).toBe(1);
    expect(output).toBe(`Port ${port} is in use; set PORT to another one.\n`);
  });

  it('ends the process only after the last line of the log is written', async () => {
    const { code, output } = await startOnTakenPort('info');
    expect(code).toBe(1);
    expect(output).toMatch(/"step":"redis"/);
  });
});
