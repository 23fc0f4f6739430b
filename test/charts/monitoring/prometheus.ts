import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { freeAddress } from '../../support/free-address.js';
import { type Spawned, start } from '../../support/processes.js';
import { until } from '../../support/until.js';
import { TOOLS } from '../render.js';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** What Prometheus reads, by job: addresses like `127.0.0.1:8080`. */
export type Jobs = Readonly<Record<string, readonly string[]>>;

/** A real Prometheus on loopback that scrapes every second. */
export class Prometheus {
  private constructor(
    private readonly url: string,
    private readonly folder: string,
    private readonly process: Spawned,
  ) {}

  static async start(jobs: Jobs, ruleFile: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [resolve(ruleFile)],
      // With a namespace, as the Prometheus Operator adds it.
      scrape_configs: Object.entries(jobs).map(([job, targets]) => ({
        job_name: job,
        static_configs: [{ targets, labels: { namespace: 'tasks' } }],
      })),
    };
    writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
    const { host: address } = new URL((await freeAddress()).url);
    const process = start(`${TOOLS}prometheus`, [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
    ]);
    const running = new Prometheus(`http://${address}`, folder, process);
    await until(() => running.isReady(), { timeoutMs: 30_000, every: 100 });
    return running;
  }

  /** Throws Error with the message of Prometheus. */
  async ask<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1/${path}?${String(new URLSearchParams(parameters))}`);
    const { data, error } = (await answer.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`${JSON.stringify(parameters)}: ${error}`);
    return data;
  }

  /** What a query gives now. */
  async query(query: string): Promise<readonly Sample[]> {
    return (await this.ask<{ result: Sample[] }>('query', { query })).result;
  }

  async stop(): Promise<void> {
    this.process.child.kill('SIGTERM');
    await this.process.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    if (this.process.child.exitCode !== null) throw new Error(this.process.output());
    return (await fetch(`${this.url}/-/ready`)).ok;
  }
}
