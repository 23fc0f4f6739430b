import { describe, expect, it } from 'vitest';
import type { GateVerdict, TaskExplanation } from '../queue/explanation.js';
import { explanationView } from './explain-view.js';

const AT = Date.parse('2030-01-01T00:00:00Z');
const view = (fields: Partial<TaskExplanation>) =>
  explanationView('some-id', { state: 'pending', lane: 'low', slots: 10, gates: [], ...fields });
const verdict = (fields: Partial<GateVerdict>): GateVerdict => ({
  kind: 'queue',
  name: 'mails',
  running: 0,
  ...fields,
});
const deferred = (heldBy: GateVerdict, parkedAhead?: number) =>
  view({
    state: 'deferred',
    gates: [heldBy],
    heldBy,
    ...(parkedAhead !== undefined && { parkedAhead }),
  });

const ofHost = (reason: 'circuit_open' | 'circuit_half_open', at?: number) => ({
  ...{ kind: 'host' as const, name: 'http://a' },
  refusal: { reason, ...(at !== undefined && { at }) },
});
const failed = { isByHand: false, note: '503' };
const byHand = { isByHand: true, note: 'it moves' };
const circuits: [string, GateVerdict][] = [
  [
    'its host http://a is left alone (circuit open, last failure 503); it is tried again at 2030-01-01T00:00:00.000Z',
    verdict({ ...ofHost('circuit_open', AT), cause: failed }),
  ],
  [
    'its host http://a is left alone (circuit opened by an admin: it moves) until somebody closes it',
    verdict({ ...ofHost('circuit_open'), cause: byHand }),
  ],
  [
    'its host http://a is left alone (circuit opened by an admin); it is tried again at 2030-01-01T00:00:00.000Z',
    verdict({ ...ofHost('circuit_open', AT), cause: { isByHand: true, note: '' } }),
  ],
];

it('one that waits says whether any worker takes tasks', () => {
  const waiting = (slots: number) => view({ slots, waitingAheadInLane: 0 });
  expect(waiting(0)).toMatchObject({
    worker_slots: 0,
    summary:
      'It is due and waits for a worker, and no worker takes tasks: none is there, or all are paused; 0 tasks are ahead of it in lane low.',
  });
  expect(waiting(10)).toMatchObject({
    worker_slots: 10,
    summary: 'It is due and waits for a worker; 0 tasks are ahead of it in lane low.',
  });
});

describe('the summary of a task that is held', () => {
  it.each<[string, GateVerdict]>([
    ['its queue mails is paused', verdict({ refusal: { reason: 'shut' } })],
    [
      'its queue mails is paused until 2030-01-01T00:00:00.000Z',
      verdict({ refusal: { reason: 'shut', at: AT } }),
    ],
    ['its host http://a is paused', verdict({ kind: 'host', name: 'http://a', refusal: { reason: 'shut' } })],
    ['its client x is disabled', verdict({ kind: 'client', name: 'x', refusal: { reason: 'shut' } })],
    [
      'its queue mails is at its limit (3 of 3 running)',
      verdict({ running: 3, maxRunning: 3, refusal: { reason: 'at_capacity' } }),
    ],
    ['its queue mails has let in all that it may at once', verdict({ refusal: { reason: 'at_capacity' } })],
    ...circuits,
    ['its queue mails is at its rate', verdict({ refusal: { reason: 'rate_limited', at: AT } })],
  ])('says that %s', (expected, heldBy) => {
    expect(deferred(heldBy).summary).toBe(`It is due, but ${expected}.`);
    expect(deferred(heldBy, 2).summary).toBe(`It is due, but ${expected}; 2 tasks are ahead of it there.`);
  });

  it('says so when nothing holds it any more', () => {
    expect(deferred(verdict({})).summary).toContain('about to be let in');
  });
});

describe('the summary of a task that is not due yet', () => {
  const later = AT + 60_000;
  const held = verdict({ ...ofHost('circuit_open', later), cause: failed });
  const notDue = (fields: Partial<TaskExplanation>) =>
    view({ state: 'scheduled', dueAt: AT, ...fields }).summary;

  it('names what will hold it then', () => {
    const open =
      'its host http://a is left alone (circuit open, last failure 503); it is tried again at 2030-01-01T00:01:00.000Z';
    expect(notDue({ eta: later, gates: [verdict({}), held] })).toBe(
      `It is scheduled: due at 2030-01-01T00:00:00.000Z, but ${open}.`,
    );
    expect(notDue({ state: 'retrying', eta: later, gates: [held] })).toContain(`, but ${open}.`);
    const paused = verdict({ refusal: { reason: 'shut' } });
    expect(notDue({ gates: [paused] })).toBe(
      'It is scheduled: due at 2030-01-01T00:00:00.000Z, but its queue mails is paused.',
    );
  });

  it('says nothing of what will be over by then', () => {
    const over = verdict({ ...ofHost('circuit_open', AT - 1), cause: failed });
    expect(notDue({ eta: AT, gates: [over] })).toBe('It is scheduled: due at 2030-01-01T00:00:00.000Z.');
  });
});

describe('the summary of a pending task', () => {
  it('names what will hold it when a worker comes to it', () => {
    const gates = [verdict({ refusal: { reason: 'shut' } })];
    const { summary } = view({ gates, waitingAheadInLane: 0 });
    expect(summary).toBe(
      'It is due and waits for a worker; 0 tasks are ahead of it in lane low, and then its queue mails is paused.',
    );
  });
});

describe('a gate', () => {
  it('says until when it is shut, and when its rate lets the next one start', () => {
    const gates = [
      verdict({ refusal: { reason: 'shut', at: AT } }),
      verdict({ refusal: { reason: 'rate_limited', at: AT - 0.5 } }),
    ];
    expect(view({ gates }).gates).toEqual([
      { gate: 'queue', name: 'mails', passes: false, reason: 'paused', until: '2030-01-01T00:00:00.000Z' },
      {
        gate: 'queue',
        name: 'mails',
        passes: false,
        reason: 'rate_limited',
        next_at: '2030-01-01T00:00:00.000Z',
      },
    ]);
  });

  it('says of a host why its circuit is open, and when it is tried again', () => {
    const gates = [
      verdict({ ...ofHost('circuit_open', AT), cause: failed }),
      verdict({ ...ofHost('circuit_open'), cause: byHand }),
      verdict({ ...ofHost('circuit_half_open'), cause: byHand }),
    ];
    const host = { gate: 'host', name: 'http://a', passes: false };
    const reason = 'host_circuit_open';
    expect(view({ gates }).gates).toEqual([
      { ...host, reason, last_error: '503', next_at: '2030-01-01T00:00:00.000Z' },
      { ...host, reason, forced: true, forced_reason: 'it moves' },
      { ...host, reason: 'host_circuit_half_open' },
    ]);
  });
});
