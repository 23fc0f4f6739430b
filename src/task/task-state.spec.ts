import { describe, expect, it } from 'vitest';
import { isFinal, mayBecome, TASK_STATES } from './task-state.js';

describe('the state machine of a task', () => {
  it('has the nine states of the API', () => {
    expect(TASK_STATES.toSorted()).toEqual([
      'cancelled',
      'completed',
      'dead_letter',
      'deferred',
      'expired',
      'pending',
      'retrying',
      'running',
      'scheduled',
    ]);
  });

  it('allows exactly the documented transitions', () => {
    const allowed = TASK_STATES.flatMap((from) =>
      TASK_STATES.filter((to) => mayBecome(from, to)).map((to) => `${from}>${to}`),
    );
    expect(allowed.toSorted()).toEqual([
      'dead_letter>pending',
      'deferred>cancelled',
      'deferred>dead_letter',
      'deferred>expired',
      'deferred>pending',
      'deferred>scheduled',
      'pending>cancelled',
      'pending>dead_letter',
      'pending>deferred',
      'pending>expired',
      'pending>running',
      'pending>scheduled',
      'retrying>cancelled',
      'retrying>dead_letter',
      'retrying>expired',
      'retrying>pending',
      'running>cancelled',
      'running>completed',
      'running>dead_letter',
      'running>expired',
      'running>pending',
      'running>retrying',
      'scheduled>cancelled',
      'scheduled>expired',
      'scheduled>pending',
    ]);
  });

  it('ends in completed, cancelled, expired or the dead letters', () => {
    expect(TASK_STATES.filter(isFinal).toSorted()).toEqual([
      'cancelled',
      'completed',
      'dead_letter',
      'expired',
    ]);
  });
});
