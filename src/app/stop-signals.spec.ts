import { describe, expect, it } from 'vitest';
import { StopSignals } from './stop-signals.js';

describe('StopSignals', () => {
  it('takes what comes within a second of the first as the same one', () => {
    const signals = new StopSignals();
    expect([5000, 5001, 6000].map((now) => signals.received(now))).toEqual(['stop', 'stop', 'stop']);
  });

  it('takes a later one as "at once", counted from the first', () => {
    const signals = new StopSignals();
    expect([0, 900, 1001].map((now) => signals.received(now))).toEqual(['stop', 'stop', 'stop_at_once']);
  });
});
