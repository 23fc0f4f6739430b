import { Redis } from 'ioredis';
import { inject } from 'vitest';
import { Application } from '../../src/app/application.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { TaskView } from '../../src/tracking/task-view.dto.js';
import { until } from './until.js';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** What tests set differently from a deployment: quick backoff, a port of its own, targets on loopback, no limits of
 * clients but those that they set, and no circuit that opens: tests fail tasks on purpose, all at one host. */
const QUICK = {
  PORT: '0',
  BIND_ADDRESS: '127.0.0.1',
  LOG_LEVEL: 'error',
  ALLOW_LOOPBACK_URLS: 'true',
  RETRY_MIN_BACKOFF_SEC: '0.02',
  RETRY_JITTER: '0',
  SHUTDOWN_TIMEOUT_SEC: '2',
  UNKNOWN_CLIENT_TIER: 'none',
  CB_FAILURE_THRESHOLD: '0',
};

/** The product in this process, on a real port and a real Redis. */
export class TestApp {
  private constructor(
    readonly application: Application,
    readonly url: string,
  ) {}

  /** @param environment over the quick settings; the database of this test file is emptied unless `keep` */
  static async start(environment: Record<string, string> = {}, keep = false): Promise<TestApp> {
    if (!keep) await emptyDatabase();
    const config = loadConfig({ ...QUICK, REDIS_URL: redisUrl(), ...environment });
    const application = await Application.create(config);
    return new TestApp(application, (await application.start()) ?? '');
  }

  stop(): Promise<boolean> {
    return this.application.stop();
  }

  async get<T = Record<string, unknown>>(path: string, headers: Record<string, string> = {}) {
    return this.call<T>(path, { headers });
  }

  /** Sends the body as JSON, or as it is when it is text or bytes. */
  async post<T = Record<string, unknown>>(path: string, body: unknown, headers: Record<string, string> = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    return this.call<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: raw ? (body as string) : JSON.stringify(body),
    });
  }

  /** Any method; the body as JSON, or none. */
  async send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ) {
    const type = body && { 'content-type': 'application/json' };
    const content = body && { body: JSON.stringify(body) };
    return this.call<T>(path, { method, headers: { ...type, ...headers }, ...content });
  }

  async enqueue(task: object, fields: object = {}): Promise<string> {
    const answer = await this.post<{ task_id: string }>('/v1/enqueue', {
      client_id: 'test-client',
      task,
      ...fields,
    });
    if (answer.status !== 202) throw new Error(`enqueue answered ${JSON.stringify(answer.body)}`);
    return answer.body.task_id;
  }

  /** Waits until a task is in a state, and gives it. */
  async taskIn(state: string, id: string, timeoutMs = 10_000): Promise<TaskView> {
    let task: TaskView | undefined;
    await until(
      async () => {
        task = (await this.get<TaskView>(`/v1/tasks/${id}`)).body;
        return task.state === state;
      },
      { timeoutMs },
    ).catch((error: unknown) => {
      throw new Error(`the task is not ${state}: ${JSON.stringify(task)}`, { cause: error });
    });
    return task!;
  }

  private async call<T>(path: string, init: RequestInit): Promise<Answer<T>> {
    const response = await fetch(this.url + path, init);
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const { status, headers } = response;
    return { status, headers, body: (isJson && text !== '' ? JSON.parse(text) : text) as T };
  }
}

/** Test files run side by side in workers, numbered from 1: each worker has a database of its own. */
export function redisUrl(): string {
  return `${inject('redisUrl')}/${process.env['VITEST_POOL_ID'] ?? '1'}`;
}

/** Asks the database of this test file. */
export async function inRedis<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(redisUrl());
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

async function emptyDatabase(): Promise<void> {
  await inRedis((redis) => redis.flushdb());
}

/** The keys that the product has in the database of this test file, in their order. */
export async function storedKeys(): Promise<string[]> {
  return (await inRedis((redis) => redis.keys('{tr}:*'))).toSorted();
}
