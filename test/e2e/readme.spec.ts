import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Curl } from '../support/curl.js';
import { start, type Spawned } from '../support/processes.js';
import { until } from '../support/until.js';

const README = readFileSync('README.md', 'utf8');
const PRINTED_URL = 'http://localhost:8080';
// The other test files keep to lower databases.
const DATABASE = 9;

interface Example {
  readonly command: string;
  /** What the README says of the answer, right after the command. */
  readonly status: number;
  /** The answer as printed, where the README prints it. */
  readonly printed?: Record<string, unknown>;
}

type Answer = Record<string, unknown> & { task_id?: string; results?: { task_id: string }[] };

const examples = readExamples(README);
const curl = new Curl();
let app: Spawned;
let baseUrl: string;

beforeAll(async () => {
  app = start(process.execPath, ['dist/main.js'], { env: environment() });
  baseUrl = (await until(listeningUrl, { timeoutMs: 20_000 })).replace('127.0.0.1', 'localhost');
});

afterAll(async () => {
  app.child.kill('SIGTERM');
  await app.ended;
  curl.end();
});

describe('README.md', () => {
  it('has six examples with curl', () => {
    expect(examples).toHaveLength(6);
  });

  // In the order of the page: the task that one enqueues, another looks up.
  it.each(examples)('$command', async ({ command, status, printed }) => {
    const answer = await curl.run<Answer>(command, [PRINTED_URL, baseUrl]);
    expect(answer).toMatchObject({ status });
    if (printed) expect(shapeOf(answer.body)).toEqual(shapeOf(printed));
    if (status === 202) for (const id of idsIn(answer.body)) await untilCompleted(id);
  });

  it('names no server but the one that npm start runs', () => {
    const urls = examples.flatMap(({ command }) => command.match(/https?:\/\/[^/"\s]+/g) ?? []);
    expect(new Set(urls)).toEqual(new Set([PRINTED_URL]));
  });
});

function idsIn({ task_id, results }: Answer): (string | undefined)[] {
  return results?.map((result) => result.task_id) ?? [task_id];
}

function readExamples(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/^```bash\n(.*?)^```\n(.*?)(?=^```bash|^## |$(?![\s\S]))/gms)];
  return blocks
    .map(([, command = '', text = '']) => {
      const printed = /^```json\n(.*?)^```/ms.exec(text)?.[1];
      return {
        command: command.trim(),
        status: Number(/It answers `(\d{3})`/.exec(text)?.[1]),
        ...(printed !== undefined && { printed: JSON.parse(printed) as Record<string, unknown> }),
      };
    })
    .filter(({ command }) => /^curl /m.test(command));
}

function environment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    MODE: 'both',
    PORT: '0',
    BIND_ADDRESS: '127.0.0.1',
    ALLOW_LOOPBACK_URLS: 'true',
    REDIS_URL: `${inject('redisUrl')}/${DATABASE}`,
  };
}

function listeningUrl(): string | undefined {
  if (app.child.exitCode !== null) throw new Error(`the app has ended:\n${app.output()}`);
  return /"url":"([^"]+)","msg":"ready as both"/.exec(app.output())?.[1];
}

async function untilCompleted(id: string | undefined): Promise<void> {
  let task: Record<string, unknown> = {};
  const isCompleted = async () => {
    task = (await (await fetch(`${baseUrl}/v1/tasks/${id}`)).json()) as Record<string, unknown>;
    return task['state'] === 'completed';
  };
  await until(isCompleted, { timeoutMs: 10_000, every: 50 });
  expect(task['attempts']).toMatchObject([{ class: 'succeeded' }]);
}

/** The names of all fields with the types of their values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}
