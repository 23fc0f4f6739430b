import { setTimeout as sleep } from 'node:timers/promises';
import { type Product, startProduct } from './product.js';
import { Receiver } from './receiver.js';
import { until } from './until.js';

/** `npm run test:resilience`: the same with more load and longer faults. */
export const IS_LONG = process.env['RESILIENCE'] === 'long';

const CLIENTS = IS_LONG ? 48 : 12;
const PAUSE_MS = IS_LONG ? 0 : 8;
const AFTER_REFUSAL_MS = 50;
/** Half of the tasks are stored for so long, that they go through the fault; the others run at once. */
const DELAY_SEC = IS_LONG ? 20 : 5;
/** When for so long nothing more runs, nothing more will: a task that lost its worker waits for its lock to run out. */
const QUIET_MS = 45_000;
/** Answers that were on their way when a fault began do not count as recovery. */
const ON_ITS_WAY_MS = 300;

export interface Audit {
  readonly acknowledged: number;
  /** Ids that were acknowledged and never ran. */
  readonly lost: readonly string[];
  /** Ids whose target was called more than once. */
  readonly duplicated: number;
  /** Seconds from the fault to the first task that was acknowledged, and to the first that ran, after it. */
  readonly acknowledgedAfterSec: number;
  readonly ranAfterSec: number;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * An API and a worker as processes of their own, under load from clients that do as they are told: what is answered 503
 * is sent again with the same task_id. In the end every id that was acknowledged is asked for.
 */
export class AuditedLoad {
  /** Id → when, Unix milliseconds. */
  private readonly acknowledged = new Map<string, number>();
  /** How often something other than 202 was answered, by status and code. */
  private readonly refusals = new Map<string, number>();
  private faultAt = Infinity;
  private isOver = false;
  private clients: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly target: Receiver,
    private readonly environment: Record<string, string>,
    private api: Product,
    private readonly worker: Product,
  ) {}

  static async start(environment: Record<string, string>): Promise<AuditedLoad> {
    const target = await Receiver.start();
    const settings = { ALLOW_LOOPBACK_URLS: 'true', WORKER_CONCURRENCY: '32', ...environment };
    const [api, worker] = await Promise.all([
      startProduct({ ...settings, MODE: 'api' }),
      startProduct({ ...settings, MODE: 'worker' }),
    ]);
    const load = new AuditedLoad(target, settings, api, worker);
    load.clients = Promise.all(Array.from({ length: CLIENTS }, (_, n) => load.client(n)));
    return load;
  }

  /** Runs for some seconds without a fault, then marks the moment at which one begins. */
  async undisturbed(seconds: number): Promise<void> {
    const before = this.acknowledged.size;
    await until(() => this.acknowledged.size > before + CLIENTS, { timeoutMs: 20_000 });
    await sleep(seconds * 1000);
  }

  faultBegins(): void {
    this.faultAt = Date.now();
  }

  /** Waits until tasks are acknowledged and run again. */
  async recovers(timeoutMs = 60_000): Promise<void> {
    const from = Date.now() + ON_ITS_WAY_MS;
    const since = (times: number[]) => times.some((at) => at > from);
    const isBack = (): boolean => since([...this.acknowledged.values()]) && since(this.runs());
    await until(isBack, { timeoutMs, every: 50 }).catch((error: unknown) => {
      throw new Error(`no recovery: ${this.standstill(since)}`, { cause: error });
    });
  }

  /** What there is to know about a fault that nobody can repeat. */
  private standstill(since: (times: number[]) => boolean): string {
    const last = (product: Product): string => product.output().split('\n').slice(-40).join('\n');
    const refusals = JSON.stringify([...this.refusals]);
    const [acknowledges, runs] = [since([...this.acknowledged.values()]), since(this.runs())];
    return (
      `acknowledges ${acknowledges}, runs ${runs}; refused ${refusals}\n` +
      `--- API\n${last(this.api)}\n--- worker\n${last(this.worker)}`
    );
  }

  /** Resolves when nothing that is asked now is acknowledged: each client has had an answer, and it was not 202. */
  async isRefused(): Promise<void> {
    await until(
      async () => {
        const before = [this.acknowledged.size, this.refusalCount()] as const;
        await until(() => this.refusalCount() >= before[1] + 2 * CLIENTS, { timeoutMs: 20_000 });
        return this.acknowledged.size === before[0];
      },
      { timeoutMs: 60_000 },
    );
  }

  /** What `/health/ready` and `/health/detailed` answer. */
  async health(of: 'api' | 'worker'): Promise<{ ready: Answer; detailed: Answer }> {
    const ask = async (route: string): Promise<Answer> => {
      const response = await fetch(`${this[of].url}/health/${route}`);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    return { ready: await ask('ready'), detailed: await ask('detailed') };
  }

  async killApi(): Promise<void> {
    this.api.child.kill('SIGKILL');
    await this.api.ended;
  }

  async restartApi(): Promise<void> {
    this.api = await startProduct({ ...this.environment, MODE: 'api' });
  }

  /** Ends the load, waits for what was acknowledged, and says what became of it. */
  async audit(name: string): Promise<Audit> {
    await sleep(IS_LONG ? 3000 : 500);
    this.isOver = true;
    await this.clients;
    const endedAt = Date.now();
    const times = await this.settle();
    const audit = {
      acknowledged: this.acknowledged.size,
      lost: [...this.acknowledged.keys()].filter((id) => !times.has(id)),
      duplicated: [...times.values()].filter((count) => count > 1).length,
      acknowledgedAfterSec: this.resumption([...this.acknowledged.values()]),
      // What runs later was waiting for its time.
      ranAfterSec: this.resumption(this.runs().filter((at) => at < endedAt)),
    };
    process.stdout.write(`${name}: ${describe(audit, this.refusals)}\n`);
    return audit;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.clients;
    for (const product of [this.api, this.worker]) {
      product.child.kill('SIGKILL');
      await product.ended;
    }
    await this.target.stop();
  }

  private async client(number: number): Promise<void> {
    for (let count = 0; !this.isOver; count++) {
      const delay = count % 2 === 0 ? { delay: DELAY_SEC } : {};
      await this.enqueue({ client_id: `load-${number}`, task_id: `${count}`, ...delay });
      if (PAUSE_MS > 0) await sleep(PAUSE_MS);
    }
  }

  /** As often as it takes. */
  private async enqueue(request: object): Promise<void> {
    const body = JSON.stringify({ ...request, task: { url: this.target.url, method: 'POST' } });
    const headers = { 'content-type': 'application/json' };
    while (!this.isOver) {
      try {
        const response = await fetch(`${this.api.url}/v1/enqueue`, { method: 'POST', headers, body });
        const answer = (await response.json()) as { task_id: string; code?: string };
        if (response.status === 202) {
          this.acknowledged.set(answer.task_id, Date.now());
          return;
        }
        this.refused(`${response.status} ${answer.code ?? ''}`);
      } catch {
        this.refused('no answer');
      }
      await sleep(AFTER_REFUSAL_MS);
    }
  }

  private refused(how: string): void {
    this.refusals.set(how, (this.refusals.get(how) ?? 0) + 1);
  }

  private refusalCount(): number {
    return [...this.refusals.values()].reduce((sum, count) => sum + count, 0);
  }

  private runs(): number[] {
    return this.target.received.map(({ at }) => at);
  }

  /** Waits for what was acknowledged; gives how often each id ran. */
  private async settle(): Promise<Map<string, number>> {
    const times = new Map<string, number>();
    let counted = 0;
    let lastAt = Date.now();
    const isMissing = () => [...this.acknowledged.keys()].some((id) => !times.has(id));
    while (isMissing() && Date.now() - lastAt < QUIET_MS) {
      await sleep(200);
      const news = this.target.received.slice(counted);
      counted += news.length;
      if (news.length > 0) lastAt = Date.now();
      for (const { headers } of news) {
        const id = String(headers['x-task-id']);
        times.set(id, (times.get(id) ?? 0) + 1);
      }
    }
    return times;
  }

  /** Seconds from the fault to the end of the longest silence after it. */
  private resumption(times: number[]): number {
    const after = [this.faultAt, ...times.filter((at) => at > this.faultAt).toSorted((a, b) => a - b)];
    const silences = after.slice(1).map((at, n) => ({ end: at, length: at - after[n]! }));
    const longest = silences.toSorted((one, other) => other.length - one.length)[0];
    return longest ? Math.round((longest.end - this.faultAt) / 100) / 10 : Infinity;
  }
}

function describe(audit: Audit, refusals: ReadonlyMap<string, number>): string {
  const { acknowledged, lost, duplicated, acknowledgedAfterSec, ranAfterSec } = audit;
  const others = [...refusals].map(([how, count]) => `${count} x ${how}`).join(', ');
  return (
    `acknowledged ${acknowledged}, lost ${lost.length}, duplicated ${duplicated}; acknowledged again after ` +
    `${acknowledgedAfterSec} s, ran again after ${ranAfterSec} s; refused: ${others || 'none'}`
  );
}
