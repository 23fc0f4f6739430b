import { afterEach, beforeEach, expect, it } from 'vitest';
import { EventListener } from '../support/event-listener.js';
import { KillableWorkers } from '../support/killable-workers.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';

let api: TestApp;
let target: Receiver;
const workers = new KillableWorkers();

beforeEach(async () => {
  api = await TestApp.start({ MODE: 'api' });
  target = await Receiver.start();
});
afterEach(async () => {
  await workers.stop();
  await target.stop();
  await api.stop();
});

it('a worker that is killed with -9 takes no events with it: another one tells how its tasks end, once', async () => {
  let isAlive = true;
  target.answer = (request, response) => {
    if (isAlive) return;
    response.writeHead(request.path === '/fails' ? 500 : 200).end();
  };
  const listener = await EventListener.to(`${api.url}/v1/events?kinds=task.*`);
  await listener.ready();
  const paths = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? '/works' : '/fails'));
  const ids = await Promise.all(
    paths.map((path) => api.enqueue({ url: `${target.url}${path}` }, { max_retries: 0 })),
  );
  const first = await workers.start();
  await target.gets(10, 30_000);
  first.child.kill('SIGKILL');
  await first.ended;
  expect(
    listener.types().filter((type) => !['ready', 'task.submitted', 'task.started'].includes(type)),
  ).toEqual([]);
  isAlive = false;
  await workers.start();
  await listener.hears('task.completed', 5, 30_000);
  await listener.hears('task.dead_letter', 5, 30_000);
  for (const [at, id] of ids.entries()) {
    const told = listener.heard.filter(({ data }) => data['task_id'] === id).map(({ type }) => type);
    const ends = paths[at] === '/works' ? ['task.completed'] : ['task.failed', 'task.dead_letter'];
    // The start of the killed one is told when it had the time to: no end is told twice or made up.
    expect(told.filter((type) => type !== 'task.started')).toEqual(['task.submitted', ...ends]);
    expect(told.indexOf('task.started'), told.join()).toBeGreaterThan(0);
    const { body } = await api.get(`/v1/tasks/${id}`);
    expect(body).toMatchObject({ attempts_made: 1 });
  }
  listener.end();
});
