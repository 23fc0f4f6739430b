import { describe, expect, it } from 'vitest';
import { isUnavailable } from './unavailable.js';
import { NotDurable } from './writer.js';

describe('isUnavailable', () => {
  it.each([
    "Stream isn't writeable and enableOfflineQueue options is false",
    'connect ECONNREFUSED 127.0.0.1:6379',
    'Command timed out',
    'no answer within 1500 ms',
    'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
    'LOADING Redis is loading the dataset in memory',
    "OOM command not allowed when used memory > 'maxmemory'.",
  ])('takes %s as "not now"', (message) => {
    expect(isUnavailable(new Error(message))).toBe(true);
  });

  it('takes what no replica has as "not now"', () => {
    expect(isUnavailable(new NotDurable('x'))).toBe(true);
  });

  it.each([
    new Error('WRONGTYPE Operation against a key'),
    new TypeError('x is not a function'),
    'ECONNRESET',
  ])('takes %s as a fault of our own', (error) => {
    expect(isUnavailable(error)).toBe(false);
  });
});
