import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { loggableError, loggableOrigin, loggableUrl, redacted } from './redact.js';

function logged(fields: object): string {
  const lines: string[] = [];
  pino({ formatters: { log: redacted } }, { write: (line: string) => lines.push(line) }).info(fields);
  return lines.join();
}

describe('redaction', () => {
  it('tells of an error what it says and where, and nothing that hangs on it', () => {
    const command = { name: 'evalsha', args: ['{"headers":"s3cret"}'] };
    const error = Object.assign(new TypeError('WRONGTYPE'), { code: 'E', command, cause: { command } });
    const told = loggableError(error);
    expect(told).toMatchObject({ type: 'TypeError', message: 'WRONGTYPE', code: 'E' });
    expect(JSON.stringify(told)).not.toContain('s3cret');
  });

  it.each([
    { req: { headers: { authorization: 's3cret' } } },
    { req: { headers: { cookie: 's3cret' } } },
    { req: { headers: { 'x-admin-key': 's3cret' } } },
    { req: { headers: { 'x-api-key': 's3cret' } } },
    { headers: { authorization: 's3cret' } },
    { task: { headers: { authorization: 's3cret' } } },
    { res: { headers: { 'set-cookie': 's3cret' } } },
    { password: 's3cret' },
    { Authorization: 's3cret' },
    { list: [{ headers: { Cookie: 's3cret' } }] },
    { a: { b: { c: { d: { password: 's3cret' } } } } },
    { redis: { password: 's3cret' } },
    { body: 's3cret' },
    { task: { body: 's3cret' } },
  ])('hides %j', (fields) => {
    const line = logged(fields);
    expect(line).not.toContain('s3cret');
    expect(line).toContain('[Redacted]');
  });
});

it('leaves a line without secrets as it is', () => {
  const line = { task_id: 'a', status: 200, retry_in_ms: undefined };
  expect(redacted(line)).toBe(line);
});

describe('loggableUrl', () => {
  it.each([
    ['https://a.example/hook?token=x', 'https://a.example/hook'],
    ['https://a.example/hook#x', 'https://a.example/hook'],
    ['https://me:pw@a.example/hook', 'https://a.example/hook'],
    ['//me:pw@a.example/hook', '//a.example/hook'],
    ['/v1/tasks/abc', '/v1/tasks/abc'],
  ])('%s becomes %s', (url, plain) => {
    expect(loggableUrl(url)).toBe(plain);
  });
});

describe('loggableOrigin', () => {
  it.each([
    ['https://a.example/hook/s3cret?token=x', 'https://a.example'],
    ['https://me:pw@a.example:8443?token=x', 'https://a.example:8443'],
    ['http://[::1]:80#x', 'http://[::1]:80'],
    ['nonsense', ''],
  ])('%s becomes %s', (url, origin) => {
    expect(loggableOrigin(url)).toBe(origin);
  });
});
