import { describe, expect, it } from 'vitest';
import { stored, type StoredEvent } from './event.js';
import { Outbox, type Sink } from './outbox.js';

/** Takes what it is given until it is full, and goes on when it is told to. */
class Tap implements Sink {
  readonly taken: string[] = [];
  isOpen = true;
  drain: () => void = () => undefined;
  write(events: readonly StoredEvent[]): boolean {
    for (const { id } of events) this.taken.push(id);
    return this.isOpen;
  }
  onDrain(listener: () => void): void {
    this.drain = listener;
  }
}

const events = (from: number, to: number): StoredEvent[] =>
  Array.from({ length: to - from }, (_, n) =>
    stored(`${from + n}-0`, { kind: 'task.started', clientId: 'me', queue: 'low' }, '{"a":"0123456789"}'),
  );
const ids = (from: number, to: number): string[] => events(from, to).map(({ id }) => id);

describe('an outbox', () => {
  it('gives on what comes, in its order, and waits while the listener takes no more', () => {
    const tap = new Tap();
    const outbox = new Outbox(tap, 1e6);
    tap.isOpen = false;
    outbox.push(events(0, 300));
    const first = tap.taken.length;
    expect(first).toBeLessThan(300);
    outbox.push(events(300, 5000));
    expect(tap.taken).toHaveLength(first);
    tap.isOpen = true;
    tap.drain();
    expect(tap.taken).toEqual(ids(0, 5000));
    expect(outbox.length).toBe(0);
  });

  it('keeps no more than so many bytes', () => {
    const tap = new Tap();
    const [{ json }] = events(1, 2) as [StoredEvent];
    const outbox = new Outbox(tap, 10 * json.length);
    tap.isOpen = false;
    outbox.push(events(1, 2));
    expect(outbox.push(events(2, 11))).toBe(true);
    expect(outbox.push(events(11, 13))).toBe(false);
    expect(outbox.length).toBe(9);
    outbox.clear();
    expect(outbox.length).toBe(0);
    tap.drain();
    expect(tap.taken).toHaveLength(1);
  });

  it('tells when the listener has taken everything, also when it is gone', async () => {
    const tap = new Tap();
    const outbox = new Outbox(tap, 1e6);
    await outbox.whenDrained();
    tap.isOpen = false;
    outbox.push(events(0, 200));
    let isDrained = false;
    const waiting = outbox.whenDrained().then(() => (isDrained = true));
    await Promise.resolve();
    expect(isDrained).toBe(false);
    tap.isOpen = true;
    tap.drain();
    await waiting;
    tap.isOpen = false;
    outbox.push(events(200, 400));
    const gone = outbox.whenDrained();
    outbox.clear();
    await gone;
  });
});
