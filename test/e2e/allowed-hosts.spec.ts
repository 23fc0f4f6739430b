import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/http/problem.js';
import { rawRequest } from '../support/raw-request.js';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', ALLOWED_HOSTS: 'localhost,127.0.0.1,[::1],example.com.' });
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
  it.each([
    'localhost',
    'localhost:8080',
    '127.0.0.1',
    '127.0.0.1:1',
    'LOCALHOST',
    '[::1]',
    '[::1]:8080',
    'localhost.',
    'Example.com:80',
  ])('answers to %s', async (host) => {
    expect((await answerFor(host)).statusCode).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    'evil.example#localhost',
    'localhost..',
  ])('refuses %s with a problem that has an id and the usual headers', async (host) => {
    const { statusCode, headers, body } = await answerFor(host);
    expect(statusCode).toBe(421);
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
    const problem = JSON.parse(body) as Problem;
    expect(problem).toMatchObject({ status: 421, code: 'unknown_host' });
    expect(problem.request_id).toBe(headers['x-request-id']);
  });

  it.each([
    'localhost:evil',
    'localhost:80:80',
    '[::1]evil',
    '[localhost]',
    'local host',
    'localhost:123456',
  ])('takes %s for no host', async (host) => {
    expect((await answerFor(host)).statusCode).toBe(400);
  });

  it('refuses two hosts, whichever comes first', async () => {
    for (const [one, two] of [
      ['localhost', 'evil.example'],
      ['localhost', 'localhost'],
    ] as const) {
      const request = `GET /health/live HTTP/1.1\r\nHost: ${one}\r\nHost: ${two}\r\nConnection: close\r\n\r\n`;
      expect(await rawRequest(app.url, request)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it.each([
    ['http://evil.example/health/live', 'localhost'],
    ['http://localhost/health/live', 'evil.example'],
    ['http://localhost:1/health/live', 'localhost:2'],
    ['http://me@localhost/health/live', 'localhost'],
    ['HTTPS://evil.example/health/live', 'localhost'],
    ['http://evil.example', 'localhost'],
    ['http://evil.example?a', 'localhost'],
  ])('refuses GET %s with Host %s', async (target, host) => {
    const answer = await rawRequest(
      app.url,
      `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"malformed_request"');
  });

  it('takes a whole URL for a target when Host says the same', async () => {
    const lines = 'GET http://LocalHost:80/health/live HTTP/1.1\r\nHost: localhost:80\r\nConnection: close';
    expect(await rawRequest(app.url, `${lines}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    const other = 'GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close';
    expect(await rawRequest(app.url, `${other}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 421 /);
  });
});
