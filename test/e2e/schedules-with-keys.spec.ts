import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ScheduleView } from '../../src/schedules/schedule-view.dto.js';
import { Receiver } from '../support/receiver.js';
import { inRedis, TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const CLIENT = 'keyed-client';

let app: TestApp;
let target: Receiver;
beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start({ AUTH_MODE: 'key' }), Receiver.start()]);
});
afterAll(async () => {
  await Promise.all([app.stop(), target.stop()]);
});

const enrol = () => app.post('/admin/clients/set', { client_id: CLIENT, tier: 'enterprise' });

it('a schedule whose client is gone fires again when the client is there again', async () => {
  await enrol();
  const { key } = (await app.post<{ key: string }>(`/admin/clients/${CLIENT}/keys`, {})).body;
  const schedule = { schedule_id: 'tick', every: 1, task: { url: target.url } };
  expect((await app.post('/v1/schedules', schedule, { 'x-api-key': key })).status).toBe(201);
  await target.gets(1);
  await app.send('DELETE', `/admin/clients/${CLIENT}`);
  const tally = () => inRedis((redis) => redis.hget(`{tr}:schedules:tally:${CLIENT}.tick`, 'skip'));
  await until(async () => (await tally())?.endsWith('client_deleted'), { timeoutMs: 15_000 });
  const again = async () => {
    await enrol();
    const made = await app.post<{ key: string }>(`/admin/clients/${CLIENT}/keys`, {});
    return async () =>
      (await app.get<ScheduleView>('/v1/schedules/tick', { 'x-api-key': made.body.key })).body;
  };
  const shown = await again();
  const { fired } = await shown();
  await until(async () => (await shown()).fired > fired, { timeoutMs: 10_000 });
});
