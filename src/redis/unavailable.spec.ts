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
    'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 ...',
    "NOPERM this user has no permissions to run the 'evalsha' command",
    "ERR The user executing the script can't run this command or subcommand script: 2e02, on @user_script:1.",
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
    'NOAUTH Authentication required.',
    "ERR unknown command 'evalsha', with args beginning with: 'ea9f' '1' '{tr}:'",
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
