import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  circuitHappening,
  operationHappening,
  taskHappenings,
  workerHappening,
} from '../../src/app/happenings.js';
import { EVENT_KINDS, type Happening } from '../../src/events/event.js';
import { CLOSE_CODES } from '../../src/events/socket-sink.js';
import type { Operation } from '../../src/operations/operation.js';
import type { SettledTask } from '../../src/queue/worker/settled-task.js';
import type { WorkerNewsKind } from '../../src/workers/worker-news.js';
import type { WorkerRecord } from '../../src/workers/worker.js';
import { taskOf } from '../support/task-of.js';

const PAGE = readFileSync('docs/events.md', 'utf8');

function rows(name: string): string[][] {
  const table = new RegExp(`<!-- ${name}:begin -->(.*)<!-- ${name}:end -->`, 's').exec(PAGE)?.[1] ?? '';
  const cells = table.split('\n').map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return cells.filter((row) => row.length > 1).slice(2);
}

const words = (text: string): string[] => [...text.matchAll(/`([a-z_.]+)`/g)].map(([, word = '']) => word);
const documented = new Map(rows('kinds').map(([kind = '', , members = '']) => [words(kind)[0]!, members]));

function membersOf(kind: string): string[] {
  const text = documented.get(kind) ?? '';
  const base = text.includes('those of `task.failed`') ? membersOf('task.failed') : [];
  return [...base, ...words(text.replace('those of `task.failed`', ''))];
}

const task = taskOf(1_000_000, {});
const attempt = {
  ...({ number: 1, startedAt: 1, endedAt: 2, class: 'rejected', status: 500 } as const),
  error: { code: 'timeout', message: 's3cret' },
  timings: { queueMs: 1, totalMs: 2 },
  response: 's3cret',
} as const;
const settled = (kind: SettledTask['kind']): SettledTask => ({
  ...{ lane: 'low', id: 'a', attemptsMade: 1, dataBytes: 1, attempt, delayMs: 5, reason: 'b', kind },
  kept: {} as never,
  gates: 'q:low\nc:me\nh:http://a.example',
});
const worker = {
  id: 'w',
  token: 's3cret',
  host: 'h',
  pid: 1,
  version: '1',
  concurrency: 1,
  state: 'running',
};
const operation: Operation = {
  ...({
    id: 'op_1',
    createdAt: 1,
    total: 1,
    looked: 1,
    matched: 1,
    done: 1,
    skipped: {},
    sample: ['s3cret'],
  } as const),
  ...({ cursor: '', state: 'done' } as const),
  spec: {
    action: 'cancel',
    filter: {},
    asked: {},
    rate: 1,
    isDryRun: false,
    by: { address: 's3cret', requestId: 'r' },
  },
};
const news: WorkerNewsKind[] = ['joined', 'stopped', 'lost', 'paused', 'draining', 'resumed'];
const happenings: Happening[] = [
  ...taskHappenings({ kind: 'submitted', task }),
  ...taskHappenings({ kind: 'cancelled', task }),
  ...taskHappenings({ kind: 'started', task, attempt: 1 }),
  ...(['completed', 'retry', 'dead_letter', 'cancelled', 'expired'] as const).flatMap((kind) =>
    taskHappenings({ kind: 'settled', settled: settled(kind) }),
  ),
  ...taskHappenings({ kind: 'ended', ended: { id: 'a', ending: 'expired', reason: 'b', gates: '' } }),
  ...news.map((kind) => workerHappening(kind, worker as WorkerRecord)),
  ...(['running', 'done'] as const).map((state) => operationHappening({ ...operation, state })),
  ...(['open', 'half_open', 'closed'] as const).map((to) =>
    circuitHappening({ host: 'h', to, until: 1, note: 'n' }),
  ),
];

describe('docs/events.md', () => {
  it('names every kind there is, in their order', () => {
    expect([...documented.keys()]).toEqual([...EVENT_KINDS]);
  });

  it('names the members of each, and none that is not there', () => {
    const found = new Map<string, Set<string>>();
    for (const { kind, data } of happenings) {
      const known = Object.keys(data).filter((name) => data[name] !== undefined);
      found.set(kind, new Set([...(found.get(kind) ?? []), ...known]));
    }
    for (const [kind, members] of found)
      expect([...members].toSorted(), kind).toEqual(membersOf(kind).toSorted());
    const sampled = ['queue.depth', 'system.metrics'];
    expect(EVENT_KINDS.filter((kind) => !found.has(kind))).toEqual(sampled);
  });

  it('has nothing of what targets answer or of how workers are called', () => {
    expect(JSON.stringify(happenings)).not.toContain('s3cret');
  });

  it('names the codes with which a WebSocket is closed', () => {
    const codes = rows('codes').map(([code = '', reason = '']) => [words(reason)[0], Number(code)]);
    expect(Object.fromEntries(codes)).toEqual(CLOSE_CODES);
  });
});
