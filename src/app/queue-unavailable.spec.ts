import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueUnavailable } from '../queue/task-queue.js';
import { NotDurable } from '../redis/writer.js';
import { queueUnavailable } from './queue-unavailable.js';

const outOfMemory = Object.assign(new Error("OOM command not allowed when used memory > 'maxmemory'."), {
  command: { name: 'set', args: ['key', 's3cret'] },
});

describe('when the store cannot do it now', () => {
  const warn = vi.fn();
  let minutes = 0;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.advanceTimersByTime(60_000 * ++minutes); // the limit outlives a test
    vi.spyOn(Logger.prototype, 'warn').mockImplementation(warn);
  });
  afterEach(() => {
    vi.useRealTimers();
    warn.mockReset();
  });

  it('the answer is a 503 that is true of reading and writing', () => {
    const problem = queueUnavailable(new QueueUnavailable(outOfMemory));
    expect(problem?.init).toMatchObject({
      status: 503,
      code: 'store_unavailable',
      headers: { 'retry-after': '1' },
    });
    expect(problem?.init.detail).not.toMatch(/carried out/);
  });

  it('says so when it may have done it, but no replica has it', () => {
    const problem = queueUnavailable(new QueueUnavailable(new NotDurable('no replica')));
    expect(problem?.init).toMatchObject({
      status: 503,
      code: 'not_durable',
      headers: { 'retry-after': '1' },
    });
    expect(problem?.init.detail).toMatch(/may be done.*never stored twice/);
  });

  it('the log has its words, without values, at most once a second', () => {
    for (let n = 0; n < 100; n++) queueUnavailable(new QueueUnavailable(outOfMemory));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0])).toMatch(/OOM command not allowed/);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('s3cret');
    vi.advanceTimersByTime(1000);
    queueUnavailable(new QueueUnavailable('not connected'));
    expect(String(warn.mock.calls[1])).toMatch(/not connected/);
  });

  it('other errors are none of its business', () => {
    expect(queueUnavailable(new Error('x'))).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  });
});
