import { describe, expect, it } from 'vitest';
import type { GateVerdict, TaskExplanation } from '../queue/explanation.js';
import { explanationView } from './explain-view.js';

const AT = Date.parse('2030-01-01T00:00:00Z');
const view = (fields: Partial<TaskExplanation>) =>
  explanationView('some-id', { state: 'pending', lane: 'low', gates: [], ...fields });
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
    ['its queue mails is at its rate', verdict({ refusal: { reason: 'rate_limited', at: AT } })],
  ])('says that %s', (expected, heldBy) => {
    expect(deferred(heldBy).summary).toBe(`It is due, but ${expected}.`);
    expect(deferred(heldBy, 2).summary).toBe(`It is due, but ${expected}; 2 tasks are ahead of it there.`);
  });

  it('says so when nothing holds it any more', () => {
    expect(deferred(verdict({})).summary).toContain('about to be let in');
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
});
