import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', ALLOWED_HOSTS: 'localhost,127.0.0.1' });
});
afterAll(async () => {
  await app.stop();
});

function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${app.url}/health/live`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('ALLOWED_HOSTS', () => {
  it.each(['localhost', 'localhost:8080', '127.0.0.1', '127.0.0.1:1', 'LOCALHOST'])(
    'answers to %s',
    async (host) => {
      expect(await statusFor(host)).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    'evil.example#localhost',
  ])('refuses %s', async (host) => {
    expect(await statusFor(host)).toBeOneOf([400, 421]);
  });
});
