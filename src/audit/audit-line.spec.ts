import { describe, expect, it } from 'vitest';
import { type AuditEntry, auditLine } from './audit-line.js';

const BY = { key: 'abc', address: '192.0.2.1', requestId: 'r-1' };
const lineOf = (before?: object, after?: object): AuditEntry =>
  JSON.parse(auditLine('client.set', 'client:a', BY)(before, after)) as AuditEntry;

describe('a line of the audit log', () => {
  it('says who did what, and only what is different', () => {
    const before = { tier: 'free', enabled: true, overrides: { maxConcurrent: 2 }, maxAlive: 5 };
    const after = { tier: 'basic', enabled: true, overrides: { maxConcurrent: 2 } };
    expect(lineOf(before, after)).toEqual({
      action: 'client.set',
      target: 'client:a',
      by: BY,
      before: { tier: 'free', maxAlive: 5 },
      after: { tier: 'basic' },
    });
  });

  it('has no before of what is new, and no after of what is gone', () => {
    expect(lineOf(undefined, { tier: 'free' })).not.toHaveProperty('before');
    expect(lineOf({ tier: 'free' }, undefined)).not.toHaveProperty('after');
  });

  it('never tells the hash of a key', () => {
    const keys = [{ id: 'k1', hash: 's3cret-hash' }];
    const line = auditLine('client.set', 'client:a', BY)({ keys: [] }, { keys });
    expect(line).not.toContain('s3cret-hash');
    expect(line).toContain('k1');
  });

  it('is never long', () => {
    const line = auditLine('client.set', 'client:a', BY)({ text: 'x'.repeat(50_000) }, { text: 'y' });
    expect(line.length).toBeLessThan(1000);
    expect(line).toContain('left_out');
  });
});
