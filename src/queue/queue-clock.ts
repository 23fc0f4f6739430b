import { Clock, SystemClock } from '../time/clock.js';

/** A time as the scripts take it: Unix milliseconds, or '' for the time of Redis. */
export type ScriptTime = number | '';

export type CallOff = () => void;

/**
 * The time that the queue goes by, timers included. Locks, and a worker's place in the fleet, are not part of it: Redis
 * ends them by its own clock, whatever this one says, so what renews them goes by real time.
 */
export abstract class QueueClock extends Clock {
  /** Now for the scripts. */
  abstract scriptTime(): ScriptTime;

  /** @param since counts from then, not from now */
  abstract after(ms: number, call: () => void, since: ScriptTime): CallOff;

  /** Never keeps the process alive. */
  abstract every(ms: number, call: () => void): CallOff;
}

/** Redis is the one clock that all processes share: theirs may differ. */
export class RedisClock extends QueueClock {
  private readonly system = new SystemClock();

  override now(): number {
    return this.system.now();
  }

  override scriptTime(): ScriptTime {
    return '';
  }

  override after(ms: number, call: () => void): CallOff {
    const timer = setTimeout(call, ms);
    return () => {
      clearTimeout(timer);
    };
  }

  override every(ms: number, call: () => void): CallOff {
    const timer = setInterval(call, ms).unref();
    return () => {
      clearInterval(timer);
    };
  }
}
