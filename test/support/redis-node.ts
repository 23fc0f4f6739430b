import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer } from '../../scripts/redis-binary.mjs';
import { type Spawned, start } from './processes.js';
import { until } from './until.js';

/** A real redis-server, or a Sentinel, on loopback: with settings of the test's own, and killed as often as it likes. */
export class RedisNode {
  private process: Spawned | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly args: readonly string[],
  ) {}

  /** @param settings lines of `redis.conf`; what is not said is in memory only and waits for nobody */
  static async start(settings: readonly string[], args: readonly string[] = []): Promise<RedisNode> {
    const folder = mkdtempSync(join(tmpdir(), 'task-runner-node-'));
    const port = await freePort();
    const node = new RedisNode(port, folder, args);
    const lines = ['bind 127.0.0.1', `port ${port}`, `dir "${folder}"`, ...settings];
    writeFileSync(node.file, lines.join('\n') + '\n');
    await node.run();
    return node;
  }

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  /** What it has printed since it was started last. */
  get output(): string {
    return this.process?.output() ?? '';
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Starts it, again after it was killed, and waits until it answers.
   *
   * @param others arguments that win over its settings this time
   */
  async run(others: readonly string[] = []): Promise<void> {
    const server = findRedisServer();
    if (!server) throw new Error('There is no redis-server');
    const env = { ...process.env, ...(server.libraryPath && { LD_LIBRARY_PATH: server.libraryPath }) };
    const spawned = start(server.command, [this.file, ...this.args, ...others], { env });
    this.process = spawned;
    await until(
      () => {
        if (spawned.child.exitCode !== null) throw new Error(`ended: ${spawned.output()}`);
        return this.ask((redis) => redis.ping());
      },
      { timeoutMs: 20_000, every: 50 },
    );
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, signal);
  }

  async kill(): Promise<void> {
    this.process?.child.kill('SIGKILL');
    await this.process?.ended;
  }

  /** One question over a connection of its own. */
  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url, {
      retryStrategy: () => null,
      commandTimeout: 1000,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', () => undefined);
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }

  private get file(): string {
    return join(this.folder, 'redis.conf');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
