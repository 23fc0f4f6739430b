import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', ALLOWED_HOSTS: 'localhost,127.0.0.1' });
});
afterAll(async () => {
  await app.stop();
});

function answerFor(host: string): Promise<IncomingMessage & { body: string }> {
  return new Promise((resolve, reject) => {
    request(`${app.url}/health/live`, { headers: { host } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => {
        resolve(Object.assign(response, { body }));
      });
    })
      .on('error', reject)
      .end();
  });
}

describe('ALLOWED_HOSTS', () => {
  it.each(['localhost', 'localhost:8080', '127.0.0.1', '127.0.0.1:1', 'LOCALHOST'])(
    'answers to %s',
    async (host) => {
      expect((await answerFor(host)).statusCode).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    'evil.example#localhost',
  ])('refuses %s with a problem that has an id and the usual headers', async (host) => {
    const { statusCode, headers, body } = await answerFor(host);
    expect(statusCode).toBe(421);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
    const problem = JSON.parse(body) as Problem;
    expect(problem).toMatchObject({ status: 421, code: 'unknown_host' });
    expect(problem.request_id).toBe(headers['x-request-id']);
  });
});
