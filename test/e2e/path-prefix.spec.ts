import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', PATH_PREFIX: '/tasks' });
});
afterAll(async () => {
  await app.stop();
});

async function statusOf(path: string): Promise<number> {
  return (await fetch(app.url + path)).status;
}

describe('PATH_PREFIX', () => {
  it('serves every route below it, and without it for probes', async () => {
    const paths = [
      '/tasks/health/ready?x=1',
      '/health/ready',
      '/tasks/openapi.json',
      '/tasks/v1/tasks?limit=1',
    ];
    expect(await Promise.all(paths.map(statusOf))).toEqual([200, 200, 200, 200]);
  });

  it('takes only whole parts of a path for it, and takes it off once', async () => {
    const paths = [
      ...['/tasksx/health', '/tasks/tasks/health', '/Tasks/health', '/tasks', '/tasks?a=b'],
      // As long as the prefix, which stands elsewhere.
      ...['/other/health?x=/tasks', '/%74asks/health', '//tasks/health'],
    ];
    expect(await Promise.all(paths.map(statusOf))).toEqual(paths.map(() => 404));
  });

  it('opens WebSockets below it', async () => {
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/tasks/ws`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.close();
  });

  it('keeps the page of the documentation together', async () => {
    const page = await (await fetch(`${app.url}/tasks/docs`)).text();
    const scripts = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path = '']) => path);
    expect(scripts.length).toBeGreaterThan(0);
    const answers = scripts.map((path) => fetch(new URL(path, `${app.url}/tasks/docs`)));
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(scripts.map(() => 200));
  });
});
