import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { type Spawned, start } from '../support/processes.js';
import { at, environment, find, render } from './render.js';

const ALONE = ['--map-root-user', '--mount', '--propagation', 'private'];
const PARTS = ['redis', 'sentinel'] as const;
/** Addresses of loopback that nobody else has, so that these need not be free everywhere. */
const PORTS = { redis: 16_379, sentinel: 36_379 };
/** What has to be escaped in the files of Redis. */
const PASSWORDS = { 'redis-password': 'a "quoted" \\ one', 'redis-sentinel-password': "an'other one" };

/** Whether programs can be given an /etc/hosts of their own here, and Redis is installed with its command line. */
export function canRunPods(): boolean {
  try {
    execFileSync('unshare', [...ALONE, 'redis-cli', '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The pods of Redis and of its Sentinels, as the chart starts them: with its scripts, its environment and its names. */
export class Pods {
  private readonly folder = mkdtempSync(join(tmpdir(), 'task-runner-pods-'));
  private readonly objects = render({ redis: { mode: 'sentinel', sentinel: { downAfterMs: 3500 } } });
  private readonly running = new Map<string, Spawned>();
  private readonly addresses = new Map<string, string>();

  constructor() {
    PARTS.forEach((part, net) => {
      for (let pod = 0; pod < 3; pod++) this.addresses.set(`${part}-${pod}`, `127.77.${net}.${pod + 1}`);
      const scripts = at(find(this.objects, 'ConfigMap', 'task-runner-redis'), 'data') as Record<
        string,
        string
      >;
      writeFileSync(join(this.folder, `${part}.sh`), scripts[`${part}-start.sh`] ?? '');
    });
    const names = [...this.addresses].map(([pod, address]) => `${address} ${nameOf(pod)}`);
    writeFileSync(join(this.folder, 'hosts'), ['127.0.0.1 localhost', ...names, ''].join('\n'));
  }

  get redis(): readonly string[] {
    return [...this.addresses.keys()].filter((pod) => pod.startsWith('redis'));
  }

  get sentinels(): readonly string[] {
    return [...this.addresses.keys()].filter((pod) => pod.startsWith('sentinel'));
  }

  start(pods: readonly string[]): void {
    for (const pod of pods) {
      const part = partOf(pod);
      const env = { ...process.env, ...this.environmentOf(pod) };
      this.running.set(pod, this.within(['sh', join(this.folder, `${part}.sh`)], env));
    }
  }

  /** As a node that is gone: nothing is said to anybody. */
  async kill(pods: readonly string[]): Promise<void> {
    for (const pod of pods) this.running.get(pod)?.child.kill('SIGKILL');
    await Promise.all(pods.map(async (pod) => this.running.get(pod)?.ended));
  }

  /** As a volume that is lost. */
  loseDisk(pod: string): void {
    rmSync(join(this.folder, pod), { recursive: true });
  }

  outputOf(pod: string): string {
    return this.running.get(pod)?.output() ?? '';
  }

  /** Runs a program that knows the names of the pods. */
  within(command: readonly string[], env: NodeJS.ProcessEnv): Spawned {
    const mount = `mount --bind "${this.folder}/hosts" /etc/hosts && exec "$@"`;
    return start('unshare', [...ALONE, 'sh', '-c', mount, 'sh', ...command], { env });
  }

  /** Asks a pod; undefined when it does not answer. */
  async ask<T>(pod: string, question: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const part = partOf(pod);
    const redis = new Redis({
      host: this.addresses.get(pod) ?? '',
      port: PORTS[part],
      password: PASSWORDS[part === 'redis' ? 'redis-password' : 'redis-sentinel-password'],
      lazyConnect: true,
      retryStrategy: () => null,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await question(redis);
    } catch {
      return undefined;
    } finally {
      redis.disconnect();
    }
  }

  /** The pod that is the master of two others that are in step, as all Sentinels say; undefined while there is none. */
  async settledMaster(replicas = 2): Promise<string | undefined> {
    const views = await Promise.all(
      this.sentinels.map((pod) => this.ask(pod, (redis) => redis.info('sentinel'))),
    );
    const names = views.map(
      (view = '') => /status=ok,address=([^:]+):\d+,slaves=2,sentinels=3/.exec(view)?.[1],
    );
    const master = this.redis.find((pod) => names.every((name) => name === nameOf(pod)));
    return master !== undefined && (await this.leads(master, replicas)) ? master : undefined;
  }

  private async leads(pod: string, replicas: number): Promise<boolean> {
    const state = (await this.ask(pod, (redis) => redis.info('replication'))) ?? '';
    const online = state.match(/^slave\d+:.*state=online/gm) ?? [];
    return state.includes('role:master') && online.length === replicas;
  }

  /** What the chart tells the product, with the ports and passwords of these pods. */
  settingsOf(part: 'api' | 'worker'): Record<string, string> {
    const settings = this.withSecrets(environment(find(this.objects, 'Deployment', `task-runner-${part}`)));
    const sentinels = (settings['REDIS_SENTINEL_ADDR'] ?? '').replaceAll(':26379', `:${PORTS.sentinel}`);
    return { ...settings, REDIS_SENTINEL_ADDR: sentinels };
  }

  async remove(): Promise<void> {
    await this.kill([...this.running.keys()]);
    rmSync(this.folder, { recursive: true });
  }

  private environmentOf(pod: string): Record<string, string> {
    const data = join(this.folder, pod);
    mkdirSync(data, { recursive: true });
    chmodSync(data, 0o700);
    const given = environment(find(this.objects, 'StatefulSet', `task-runner-${partOf(pod)}`));
    const self = (given['SELF'] ?? '').replace('$(POD)', `task-runner-${pod}`);
    const here = { DATA_DIR: data, BIND: this.addresses.get(pod) ?? '' };
    const ports = { REDIS_PORT: String(PORTS.redis), SENTINEL_PORT: String(PORTS.sentinel) };
    return { ...this.withSecrets(given), ...here, ...ports, SELF: self };
  }

  private withSecrets(given: Record<string, string>): Record<string, string> {
    const known = Object.entries(PASSWORDS).map(
      ([key, value]) => [`task-runner-secrets/${key}`, value] as const,
    );
    const values = new Map<string, string>(known);
    return Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, values.get(value) ?? value]),
    );
  }
}

function partOf(pod: string): (typeof PARTS)[number] {
  return pod.startsWith('redis') ? 'redis' : 'sentinel';
}

function nameOf(pod: string): string {
  return `task-runner-${pod}.task-runner-${partOf(pod)}.tasks.svc`;
}
