import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failed, requestTo } from '../../test/support/sending.js';
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
    const caller = new AbortController();
    const exchange = new Exchange(request, caller.signal, 10);
    exchange.onResponseError(controller, new Error('first'));
    exchange.onResponseError(controller, new Error('second'));
    caller.abort();
    expect(failed(await exchange.reply).message).toBe('first');
  });

  it('ends at its deadline, not before', () => {
    const exchange = new Exchange(request, new AbortController().signal, 10);
    vi.advanceTimersByTime(999);
    expect(exchange.settled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(exchange.settled).toBe(true);
  });

  it('leaves no timer and no listener behind', () => {
    const { signal } = new AbortController();
    const exchange = new Exchange(request, signal, 10);
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([1, 1]);
    exchange.onResponseError(controller, new Error('x'));
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  it('lets one signal call off any number of attempts without a leak warning', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { signal } = new AbortController();
    const exchanges = Array.from({ length: 20 }, () => new Exchange(request, signal, 10));
    expect(warn).not.toHaveBeenCalled();
    for (const exchange of exchanges) exchange.onResponseError(controller, new Error('x'));
  });
});
