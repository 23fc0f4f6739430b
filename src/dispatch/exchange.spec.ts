import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failed, requestTo } from '../../test/support/sending.js';
import { AbortHandle } from '../queue/abort-handle.js';
import { Exchange } from './exchange.js';

const controller = undefined as never;
const request = requestTo('http://target.test/', { timeoutMs: 1_000 });

describe('an exchange', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('replies once, with what came first', async () => {
    const caller = new AbortHandle();
    const exchange = new Exchange(request, caller, 10);
    exchange.onResponseError(controller, new Error('first'));
    exchange.onResponseError(controller, new Error('second'));
    caller.abort();
    expect(failed(await exchange.reply).message).toBe('first');
  });

  it('ends at its deadline, not before', () => {
    const exchange = new Exchange(request, new AbortHandle(), 10);
    vi.advanceTimersByTime(999);
    expect(exchange.settled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(exchange.settled).toBe(true);
  });

  it('leaves no timer and no listener behind', () => {
    const caller = new AbortHandle();
    const listen = vi.spyOn(caller, 'onAbort');
    const exchange = new Exchange(request, caller, 10);
    expect([vi.getTimerCount(), listen.mock.lastCall]).toEqual([1, [expect.any(Function)]]);
    exchange.onResponseError(controller, new Error('x'));
    expect([vi.getTimerCount(), listen.mock.lastCall]).toEqual([0, [undefined]]);
  });
});
