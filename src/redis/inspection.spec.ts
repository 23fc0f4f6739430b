import { describe, expect, it } from 'vitest';
import { warningsOf } from './inspection.js';

const SAFE = { appendOnly: true, appendFsync: 'always', evictionPolicy: 'noeviction', replicas: 0 };
const alone = { isReplicated: false, isChosen: false };
const replicated = { isReplicated: true, isChosen: false };

describe('what is said about a Redis that may lose tasks', () => {
  it('is nothing when it cannot, or when it would not tell', () => {
    expect(warningsOf(SAFE, alone)).toEqual([]);
    expect(warningsOf({ ...SAFE, appendFsync: 'everysec', replicas: 2 }, replicated)).toEqual([]);
    const silent = { appendOnly: undefined, appendFsync: undefined, evictionPolicy: undefined };
    expect(warningsOf({ ...silent, replicas: undefined }, alone)).toEqual([]);
  });

  it.each([
    [{ appendOnly: false }, alone, /appendonly no: when it restarts, all tasks are lost/],
    [{ appendOnly: false, replicas: 2 }, replicated, /appendonly no/],
    [{ appendFsync: 'everysec' }, alone, /appendfsync everysec: .* last second or two/],
    [{ evictionPolicy: 'allkeys-lru' }, alone, /maxmemory-policy allkeys-lru: .* throws tasks away/],
    [{ replicas: 0 }, replicated, /no replica: .* nothing can be acknowledged/],
    [{ replicas: 1 }, alone, /has replicas, but .* Set DURABILITY=replica/],
  ])('with %j names the fault', (fault, durability, words) => {
    const warnings = warningsOf({ ...SAFE, ...fault }, durability);
    expect(warnings).toEqual([expect.stringMatching(words)]);
  });

  it('is nothing about replicas that somebody chose to do without', () => {
    expect(warningsOf({ ...SAFE, replicas: 1 }, { isReplicated: false, isChosen: true })).toEqual([]);
  });
});
