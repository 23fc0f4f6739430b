import { describe, expect, it } from 'vitest';
import { gapEvent, isAfter, stored, type StoredEvent } from './event.js';
import { type Audience, type EventFilter, kindsOf, passes, unknownKinds } from './event-filter.js';

const ALL: Audience = { kind: 'all' };
const CLIENT: Audience = { kind: 'client', clientId: 'me', keyHash: 'h' };
const of = (kind: StoredEvent['kind'], clientId = '', queue = ''): StoredEvent =>
  stored('1-0', { kind, clientId, queue }, '{}');
const shown = (audience: Audience, filter: EventFilter, event: StoredEvent) =>
  passes(audience, filter)(event);

describe('what a listener is shown', () => {
  it('is, of a client, what is about its own tasks, whatever it asks for', () => {
    expect(shown(CLIENT, {}, of('task.completed', 'me'))).toBe(true);
    expect(shown(CLIENT, {}, of('task.completed', 'other'))).toBe(false);
    expect(shown(CLIENT, { clientId: 'other' }, of('task.completed', 'other'))).toBe(false);
    expect(shown(CLIENT, { clientId: 'other' }, of('task.completed', 'me'))).toBe(false);
    for (const kind of ['worker.left', 'queue.depth', 'circuit.opened', 'system.metrics'] as const) {
      expect(shown(CLIENT, { kinds: kindsOf(['*']) }, of(kind))).toBe(false);
      expect(shown(ALL, {}, of(kind))).toBe(true);
    }
  });

  it('is what it asks for', () => {
    const filter = { kinds: kindsOf(['task.*', 'worker.left']), queue: 'low', clientId: 'me' };
    expect(shown(ALL, filter, of('task.failed', 'me', 'low'))).toBe(true);
    expect(shown(ALL, filter, of('task.failed', 'me', 'high'))).toBe(false);
    expect(shown(ALL, filter, of('task.failed', 'other', 'low'))).toBe(false);
    expect(shown(ALL, { kinds: kindsOf(['worker.left']) }, of('worker.joined'))).toBe(false);
  });

  it('is every gap', () => {
    expect(shown(CLIENT, { queue: 'low', kinds: kindsOf(['task.failed']) }, gapEvent('1-0', 'trimmed'))).toBe(
      true,
    );
  });

  it('names kinds that are none', () => {
    expect(unknownKinds(['task.*', 'task.done', '*', 'worker.left', 'tasks.*'])).toEqual([
      'task.done',
      'tasks.*',
    ]);
  });
});

it('ids are compared as the numbers that they are', () => {
  expect(isAfter('10-0', '9-5')).toBe(true);
  expect(isAfter('9-10', '9-9')).toBe(true);
  expect(isAfter('9-9', '9-9')).toBe(false);
  expect(isAfter('9-9', '10-0')).toBe(false);
});
