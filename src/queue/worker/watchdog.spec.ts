import { beforeEach, describe, expect, it } from 'vitest';
import { Watchdog } from './watchdog.js';

let now = 0;
let watchdog: Watchdog;
beforeEach(() => {
  now = 1000;
  watchdog = new Watchdog(() => now);
});

/** A turn every five seconds. */
function turns(count: number, waiting: number, running: number): void {
  for (let n = 0; n < count; n++) {
    now += 5000;
    watchdog.turned(waiting, running);
  }
}

describe('a dispatcher', () => {
  it('is not well before its first turn', () => {
    expect(watchdog.isWell).toBe(false);
    expect(watchdog.silentMs).toBe(-1);
    turns(1, 0, 0);
    expect(watchdog.isWell).toBe(true);
  });

  it('is not well when it gets no answer for 30 seconds', () => {
    turns(1, 0, 0);
    now += 29_999;
    expect(watchdog.isWell).toBe(true);
    now += 1;
    expect(watchdog.isWell).toBe(false);
    expect(watchdog.silentMs).toBe(30_000);
    turns(1, 0, 0);
    expect(watchdog.isWell).toBe(true);
  });

  it('is not well when tasks wait for a minute and it runs none', () => {
    turns(12, 3, 0);
    expect(watchdog.isWell).toBe(true);
    turns(1, 3, 0);
    expect(watchdog.isWell).toBe(false);
    turns(1, 3, 1);
    expect(watchdog.isWell).toBe(true);
  });

  it('is well however long it is busy, idle, or now and then finds tasks gone to others', () => {
    turns(100, 50, 10);
    expect(watchdog.isWell).toBe(true);
    turns(100, 0, 0);
    expect(watchdog.isWell).toBe(true);
    for (let n = 0; n < 20; n++) {
      turns(5, 1, 0);
      turns(1, 0, 0);
    }
    expect(watchdog.isWell).toBe(true);
  });
});
