import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RedisNode } from './redis-node.js';
import { until } from './until.js';

const MASTER = 'mymaster';
const ON_DISK = ['appendonly yes', 'appendfsync always', 'save ""', 'repl-diskless-sync-delay 0'];
/**
 * In production rather 5000: a busy machine is silent for a second now and then. Less than 3500 would be wrong anywhere: a
 * Sentinel that was held up for two seconds does nothing for thirty (TILT), and afterwards takes no replica that was
 * without its master for over ten times this before the master was found to be down: that is none, for ever.
 */
const DOWN_AFTER_MS = 3500;
const NOBODY = 1;

/** One master, two replicas and three Sentinels: real processes on loopback. */
export class SentinelCluster {
  private constructor(
    /** The master, until another one takes its place. */
    readonly master: RedisNode,
    readonly replicas: readonly RedisNode[],
    private readonly sentinels: readonly RedisNode[],
  ) {}

  static async start(): Promise<SentinelCluster> {
    const master = await RedisNode.start(ON_DISK);
    const replica = () => RedisNode.start([...ON_DISK, `replicaof 127.0.0.1 ${master.port}`]);
    const replicas = await Promise.all([replica(), replica()]);
    const settings = [
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${MASTER} 5000`,
    ];
    const sentinel = () => RedisNode.start(settings, ['--sentinel']);
    const sentinels = await Promise.all([sentinel(), sentinel(), sentinel()]);
    const cluster = new SentinelCluster(master, replicas, sentinels);
    await cluster.settled();
    return cluster;
  }

  /** What the product needs to find it. */
  get environment(): Record<string, string> {
    const addresses = this.sentinels.map(({ port }) => `127.0.0.1:${port}`);
    return { REDIS_SENTINEL_ADDR: addresses.join(','), REDIS_MASTER_NAME: MASTER };
  }

  /** From here on the replicas hear nothing of what the master is told; the Sentinels reach all of them. */
  async cutReplicasOff(): Promise<void> {
    await Promise.all(this.replicas.map((node) => node.ask((redis) => redis.replicaof('127.0.0.1', NOBODY))));
  }

  /** Asks a Sentinel to replace the master, which is well; resolves when all three name another one. */
  async failOver(): Promise<void> {
    const before = await this.masterPort();
    await this.orderFailOver();
    await until(async () => (await this.masterPort()) !== before, { timeoutMs: 30_000, every: 50 });
  }

  /** The same, and resolves when the Sentinel has begun. */
  async orderFailOver(): Promise<void> {
    // Refused while the last one is not over, or nothing was heard of a replica lately.
    const order = () => this.sentinels[0]!.ask((redis) => redis.call('SENTINEL', 'FAILOVER', MASTER));
    await until(() => order().catch(() => undefined), { timeoutMs: 60_000, every: 200 });
  }

  /** Gives the replica that has been promoted, as soon as it is, whoever else knows of it. */
  async promotion(): Promise<RedisNode> {
    const isMaster = async (node: RedisNode) => (await node.ask((redis) => redis.role()))[0] === 'master';
    const find = async () => {
      const are = await Promise.all(this.replicas.map(isMaster));
      return this.replicas[are.indexOf(true)];
    };
    return until(find, { timeoutMs: 60_000, every: 5 });
  }

  /** Resolves when the master has two replicas that are in step, and the Sentinels know it. */
  async settled(): Promise<void> {
    await until(() => this.isComplete(), { timeoutMs: 60_000, every: 100 });
  }

  /** As if their machines stood still for three seconds: they do nothing for thirty more. */
  async holdSentinelsUp(): Promise<void> {
    for (const node of this.sentinels) node.signal('SIGSTOP');
    await sleep(3000);
    for (const node of this.sentinels) node.signal('SIGCONT');
    await until(() => this.sentinels.every(({ output }) => output.includes('+tilt')));
  }

  /** The master and everybody who could name another one. */
  async blackOut(): Promise<void> {
    await Promise.all([this.master, ...this.sentinels].map((node) => node.kill()));
  }

  async lightUp(): Promise<void> {
    await Promise.all([this.master, ...this.sentinels].map((node) => node.run()));
  }

  /** What the Sentinels said of failovers, for when none comes about. */
  story(): string {
    const told = /tilt|sdown|odown|failover|switch-master|no-good-slave|elected/;
    return this.sentinels
      .map(({ port, output }) => [
        `--- Sentinel ${port}`,
        ...output.split('\n').filter((line) => told.test(line)),
      ])
      .map((lines) => lines.slice(-25).join('\n'))
      .join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, this.master, ...this.replicas].map((node) => node.remove()));
  }

  private get nodes(): readonly RedisNode[] {
    return [this.master, ...this.replicas];
  }

  /** As all Sentinels say; 0 = they do not agree. */
  private async masterPort(): Promise<number> {
    const name = (redis: Redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER);
    const addresses = await Promise.all(this.sentinels.map((node) => node.ask(name)));
    const ports = new Set((addresses as string[][]).map(([, port]) => Number(port)));
    return ports.size === 1 ? [...ports][0]! : 0;
  }

  private async isComplete(): Promise<boolean> {
    const links = await Promise.all(this.nodes.map((node) => node.ask((redis) => redis.info('replication'))));
    const views = await Promise.all(
      this.sentinels.map((node) => node.ask((redis) => redis.info('sentinel'))),
    );
    return (
      links.filter((info) => info.includes('master_link_status:up')).length === 2 &&
      views.every((info) => /status=ok,address=\S+,slaves=2,sentinels=3/.test(info))
    );
  }
}
