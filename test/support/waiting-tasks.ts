import type { ServerResponse } from 'node:http';
import { Redis } from 'ioredis';
import { GateStore } from '../../src/queue/gates/gate-store.js';
import type { Receiver } from './receiver.js';
import { redisUrl, type TestApp } from './test-app.js';
import { until } from './until.js';

/** A client whose tasks are all held back while its gate is shut. */
const HELD = 'held-client';
/** A lane that no worker takes from while it is paused. */
const STILL = 'low';

/** Brings tasks of a running product into the states in which they wait, and lets them go on. */
export class WaitingTasks {
  constructor(
    private readonly app: TestApp,
    private readonly target: Receiver,
  ) {}

  async pending(fields: object = {}): Promise<string> {
    await this.pauseLane(true);
    const id = await this.app.enqueue({ url: this.target.url }, { queue: STILL, ...fields });
    await this.app.taskIn('pending', id);
    return id;
  }

  async deferred(fields: object = {}): Promise<string> {
    await this.shutGate(true);
    const id = await this.app.enqueue({ url: this.target.url }, { client_id: HELD, ...fields });
    await this.app.taskIn('deferred', id);
    return id;
  }

  scheduled(fields: object = {}): Promise<string> {
    return this.app.enqueue({ url: this.target.url }, { delay: '1h', ...fields });
  }

  /** Has failed once and backs off for an hour; the target answers 200 from then on. */
  async retrying(): Promise<string> {
    this.target.answer = (_request, response) => response.writeHead(500).end();
    const retry = { strategy: 'fixed', min_backoff: '1h' };
    const id = await this.app.enqueue({ url: this.target.url }, { retry });
    await this.app.taskIn('retrying', id);
    this.target.reset();
    return id;
  }

  /** Its call is not answered until `answer` is called; those of others are. */
  async running(fields: object = {}): Promise<{ id: string; isClosed: () => boolean; answer: () => void }> {
    const calls = new Map<string, ServerResponse>();
    this.target.answer = ({ headers }, response) => calls.set(String(headers['x-task-id']), response);
    const id = await this.app.enqueue({ url: this.target.url }, fields);
    const response = await until(() => calls.get(id));
    let isClosed = false;
    response.on('close', () => (isClosed = !response.writableFinished));
    this.target.answer = (_request, other) => other.end('ok');
    calls.delete(id);
    for (const other of calls.values()) other.end('ok');
    return {
      id,
      isClosed: () => isClosed,
      answer: () => {
        response.end('ok');
      },
    };
  }

  /** Its target answers 200 from then on. */
  async dead(fields: object = {}): Promise<string> {
    this.target.answer = (_request, response) => response.writeHead(500).end();
    const id = await this.app.enqueue({ url: this.target.url }, { max_retries: 1, ...fields });
    await this.app.taskIn('dead_letter', id);
    this.target.reset();
    return id;
  }

  async letAllGo(): Promise<void> {
    await this.pauseLane(false);
    await this.shutGate(false);
  }

  private async shutGate(isShut: boolean): Promise<void> {
    await this.app.application.nest.get(GateStore).set(`c:${HELD}`, { isShut });
  }

  private async pauseLane(isPaused: boolean): Promise<void> {
    const redis = new Redis(redisUrl());
    if (isPaused) await redis.hset(`{tr}:${STILL}:meta`, 'paused', '1');
    else await redis.hdel(`{tr}:${STILL}:meta`, 'paused');
    await redis.zadd(`{tr}:${STILL}:marker`, 0, '0');
    await redis.quit();
  }
}
