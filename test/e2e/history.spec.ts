import { afterAll, beforeAll, expect, it } from 'vitest';
import { Receiver } from '../support/receiver.js';
import { scrape } from '../support/scrape.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const MOST_BYTES = 50_000;

let app: TestApp;
let target: Receiver;
beforeAll(async () => {
  [app, target] = await Promise.all([
    TestApp.start({ HISTORY_MAX_BYTES: String(MOST_BYTES) }),
    Receiver.start(),
  ]);
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

/** Figures of the fleet are told for five seconds. */
const PATIENCE = { timeoutMs: 15_000, every: 500 };

const metric = async (name: string): Promise<number> => (await scrape(app.url)).sum(name);

it('HISTORY_MAX_BYTES keeps the newest completed tasks and all dead letters, and metrics tell', async () => {
  target.answer = (_request, response) => response.writeHead(500).end();
  const dead = await app.enqueue({ url: target.url }, { max_retries: 0 });
  await app.taskIn('dead_letter', dead);
  target.reset();
  const ids: string[] = [];
  for (let n = 0; n < 40; n++) ids.push(await app.enqueue({ url: target.url, body: 'x'.repeat(1000) }));
  const answers = () => Promise.all(ids.map((id) => app.get(`/v1/tasks/${id}`)));
  await until(async () =>
    (await answers()).every(({ status, body }) => status === 404 || body['state'] === 'completed'),
  );
  await until(async () => (await metric('taskqueue_history_evicted_total')) > 0, PATIENCE);
  await until(async () => (await metric('taskqueue_history_bytes')) <= MOST_BYTES, PATIENCE);
  expect(await metric('taskqueue_history_bytes')).toBeGreaterThan(MOST_BYTES / 2);
  const gone = (await answers()).filter(({ status }) => status === 404).length;
  await until(async () => (await metric('taskqueue_history_evicted_total')) === gone, PATIENCE);
  expect(gone).toBeLessThan(40);
  expect((await app.get(`/v1/tasks/${dead}`)).body).toMatchObject({ state: 'dead_letter' });
});
