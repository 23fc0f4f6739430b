import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import type { Task } from '../task/task.js';
import { TaskCipher } from './task-cipher.js';

const key = () => randomBytes(32).toString('base64');
const cipherWith = (...keys: string[]) => new TaskCipher(loadConfig({ TASK_ENCRYPTION_KEY: keys.join(',') }));

const task: Task = {
  id: 'client-a.one',
  clientId: 'client-a',
  queue: 'default',
  lane: 'default',
  target: {
    url: 'https://api.example.com:8443/hook?token=query-secret#part',
    method: 'PUT',
    headers: [['Authorization', 'Bearer header-secret']],
    body: { encoding: 'utf8', content: 'body-secret ü' },
  },
  createdAt: 1,
  scheduledAt: 2,
  maxRetries: 3,
  retry: { strategy: 'fixed', minBackoffMs: 1, maxBackoffMs: 1, jitter: 0 },
  timeoutMs: 4,
  metadata: { label: 'readable' },
};

describe('sealing the call of a task', () => {
  it.each([task, { ...task, target: { url: 'http://a.example/', method: 'GET' as const, headers: [] } }])(
    'opens to what it was',
    (original) => {
      const cipher = cipherWith(key());
      expect(cipher.open(JSON.parse(JSON.stringify(cipher.seal(original))) as Task)).toEqual(original);
    },
  );

  it('leaves nothing of address, headers and body but the origin, and all else readable', () => {
    const sealed = cipherWith(key()).seal(task);
    expect(JSON.stringify(sealed)).not.toMatch(/secret|hook|token/);
    expect(sealed.target).toMatchObject({ url: 'https://api.example.com:8443/', method: 'PUT', headers: [] });
    expect({ ...sealed, target: 0 }).toEqual({ ...task, target: 0 });
  });

  it('never looks the same twice', () => {
    const cipher = cipherWith(key());
    expect(cipher.seal(task).target.sealed).not.toBe(cipher.seal(task).target.sealed);
  });

  it('opens with every key of the list and seals with the first', () => {
    const [old, young] = [key(), key()];
    const sealedBefore = cipherWith(old).seal(task);
    const both = cipherWith(young, old);
    expect(both.open(sealedBefore)).toEqual(task);
    expect(cipherWith(young).open(both.seal(task))).toEqual(task);
    expect(cipherWith(old).open(both.seal(task)).target.sealed).toBeDefined();
  });

  it('stays sealed without the key, in the place of another task, and when a bit has changed', () => {
    const secret = key();
    const cipher = cipherWith(secret);
    const sealed = cipher.seal(task);
    const [id, content = ''] = (sealed.target.sealed ?? '').split('.');
    const bytes = Buffer.from(content, 'base64');
    const altered = (at: number) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1;
      return { ...sealed, target: { ...sealed.target, sealed: `${id}.${copy.toString('base64')}` } };
    };
    const cut = { ...sealed, target: { ...sealed.target, sealed: `${id}.AAAA` } };
    expect(cipherWith(key()).open(sealed)).toBe(sealed);
    expect(cipherWith().open(sealed)).toBe(sealed);
    for (const wrong of [
      { ...sealed, id: 'client-b.one' },
      altered(0),
      altered(20),
      altered(bytes.length - 1),
      cut,
    ])
      expect(cipher.open(wrong)).toBe(wrong);
  });

  it('does nothing without keys, and nothing twice', () => {
    const cipher = cipherWith(key());
    const sealed = cipher.seal(task);
    expect(cipherWith().seal(task)).toBe(task);
    expect(cipherWith().open(task)).toBe(task);
    expect(cipher.seal(sealed)).toBe(sealed);
  });
});

describe('TASK_ENCRYPTION_KEY', () => {
  it.each([
    randomBytes(32).toString('hex'),
    randomBytes(32).toString('base64'),
    randomBytes(32).toString('base64url'),
  ])('takes 32 bytes as %s', (text) => {
    expect(cipherWith(text).seal(task).target.sealed).toBeDefined();
  });

  it.each([
    'pass phrase',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('hex'),
    `${key()},short`,
  ])('refuses the start with %s, and does not repeat it', (text) => {
    expect(() => loadConfig({ TASK_ENCRYPTION_KEY: text })).toThrow(
      /^(?=.*TASK_ENCRYPTION_KEY must be a comma list of keys of 32 bytes)(?!.*short)/s,
    );
    expect(() => loadConfig({ TASK_ENCRYPTION_KEY: text })).not.toThrow(text);
  });
});
