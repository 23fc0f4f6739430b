import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', ALLOWED_HOSTS: 'localhost,127.0.0.1,[::1]' });
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
  it.each(['localhost', 'localhost:8080', '127.0.0.1', '127.0.0.1:1', 'LOCALHOST', '[::1]', '[::1]:8080'])(
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

  it.each([
    'localhost:evil',
    'localhost:80:80',
    '[::1]evil',
    '[localhost]',
    'local host',
    'localhost:123456',
  ])('takes %s for no host', async (host) => {
    expect(await statusFor(host)).toBe(400);
  });

  it('refuses two hosts, whichever comes first', async () => {
    for (const [one, two] of [
      ['localhost', 'evil.example'],
      ['localhost', 'localhost'],
    ] as const) {
      const request = `GET /health/live HTTP/1.1\r\nHost: ${one}\r\nHost: ${two}\r\nConnection: close\r\n\r\n`;
      expect(await rawAnswer(request)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });
});

async function rawAnswer(request: string): Promise<string> {
  const { port, hostname } = new URL(app.url);
  const socket = connect(Number(port), hostname, () => socket.write(request));
  return text(socket);
}
