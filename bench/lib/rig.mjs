// What one measurement stands on: a fresh Redis, a target, a generator, and one of the systems.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { Cleanup, end, launch, launchServing, mustRun, untilAnswers } from './children.mjs';
import { readAll } from './measure.mjs';
import { ask } from './ops.mjs';
import { freshRedis } from './redis.mjs';

const POLL_MS = 10;
const PRELOAD_SEC = 600;

export class Rig {
  #cleanup = new Cleanup();
  #pids = {};
  #children = new Set();
  /** @type {import('./redis.mjs').FreshRedis} */
  redis;
  origin = '';
  workerOrigin = '';

  /**
   * @param {import('../systems/systems.mjs').System} system
   * @param {{ concurrency: number, durable?: boolean, replicated?: boolean, profile?: string | undefined }} settings
   */
  constructor(system, settings) {
    this.system = system;
    this.settings = settings;
  }

  /**
   * Runs one measurement and takes everything down again, whatever happens.
   *
   * @template T
   * @param {ConstructorParameters<typeof Rig>} makings
   * @param {(rig: Rig) => Promise<T>} measure
   * @returns {Promise<T>}
   */
  static async with([system, settings], measure) {
    const rig = new Rig(system, settings);
    try {
      await rig.#open();
      return await measure(rig);
    } finally {
      await rig.#cleanup.run();
    }
  }

  async #open() {
    const { durable = false, replicated = false } = this.settings;
    this.redis = this.#cleanup.add(await freshRedis(durable, replicated), (redis) => redis.stop());
    this.#pids.redis = this.redis.pid;
    if (this.redis.replicaPid) this.#pids.replica = this.redis.replicaPid;
    this.target = await this.#helper('../load/target.mjs');
    this.generator = await this.#helper('../load/generator.mjs');
    const { target, generator } = this;
    target.on('message', (message) => {
      if (message.delivered !== undefined && generator.connected) generator.send(message);
    });
    this.targetOrigin = `http://127.0.0.1:${await ask(target, 'port')}`;
  }

  async #helper(path) {
    return this.#cleanup.add(await launchServing(new URL(path, import.meta.url)), end);
  }

  /** Starts both halves and waits until both say that they are ready. */
  async startBoth() {
    await Promise.all([this.startApi(), this.startWorker()]);
  }

  async startApi() {
    const { origin } = await this.#start('api');
    this.origin = origin;
  }

  async startWorker() {
    const { child, origin } = await this.#start('worker');
    this.worker = child;
    this.workerOrigin = origin;
  }

  async stopWorker() {
    this.#children.delete(this.worker);
    await end(this.worker);
    delete this.#pids.worker;
  }

  async #start(name) {
    const { file, env, readyPath } = this.system[name];
    const { concurrency, profile, replicated } = this.settings;
    const port = String(await freePort());
    const slots = String(concurrency);
    const child = launch(file, {
      env: {
        ...env,
        PORT: port,
        REDIS_URL: this.redis.url,
        DURABILITY: replicated ? 'replica' : 'master',
        CONCURRENCY: slots,
        WORKER_CONCURRENCY: slots,
      },
      nodeArgs: profile
        ? ['--cpu-prof', '--cpu-prof-dir', profile, '--cpu-prof-name', `${name}.cpuprofile`]
        : [],
    });
    this.#cleanup.add(child, end);
    this.#children.add(child);
    this.#pids[name] = child.pid;
    const origin = `http://127.0.0.1:${port}`;
    if (readyPath) await untilAnswers(child, origin + readyPath);
    return { child, origin };
  }

  /** @param {Partial<import('../load/generator.mjs').Load> & { label?: string }} load */
  async enqueue({ label = 'main', ...load }) {
    await ask(this.generator, 'start', {
      origin: this.origin,
      target: `${this.targetOrigin}/${label}`,
      clientId: 'benchmark',
      queue: 'default',
      bodyBytes: 256,
      connections: 64,
      ...load,
    });
  }

  /** Enqueues so many and waits for the last answer. */
  async preload(load) {
    await this.enqueue(load);
    await this.until(
      async () => (await ask(this.generator, 'state')).done,
      PRELOAD_SEC,
      'end of the preload',
    );
    await this.stopEnqueuing();
  }

  /** @throws {Error} when the system refused a task, which makes every figure worthless */
  async stopEnqueuing() {
    await ask(this.generator, 'stop');
    const { refused, refusal } = await ask(this.generator, 'state');
    if (refused > 0)
      throw new Error(`${this.system.label} refused ${refused} tasks, the first with: ${refusal}`);
  }

  /** Waits until what was enqueued is delivered. */
  async untilIdle() {
    let before = -1;
    await this.until(
      async () => {
        const delivered = await this.delivered();
        const isSame = delivered === before;
        before = delivered;
        if (!isSame) await sleep(20 * POLL_MS);
        return isSame;
      },
      30,
      'end of the deliveries',
    );
  }

  /** @returns {Promise<Record<string, number>>} tasks delivered so far, by label */
  counts() {
    return ask(this.target, 'counts');
  }

  async delivered() {
    return Object.values(await this.counts()).reduce((sum, count) => sum + count, 0);
  }

  /** @param {() => Promise<unknown>} condition @param {number} seconds @param {string} what is waited for */
  async until(condition, seconds, what) {
    const deadline = performance.now() + seconds * 1000;
    while (!(await condition())) {
      this.#children.forEach(mustRun);
      if (performance.now() > deadline)
        throw new Error(`${this.system.label}: no ${what} after ${seconds} s`);
      await sleep(POLL_MS);
    }
  }

  /** @returns {Promise<import('./measure.mjs').Reading>} */
  reading() {
    const counts = { delivered: this.delivered(), bytes: this.redis.usedBytes() };
    return readAll(counts, this.#pids, [this.target.pid, this.generator.pid]);
  }
}
