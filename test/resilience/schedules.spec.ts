import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ScheduleView } from '../../src/schedules/schedule-view.dto.js';
import { KillableWorkers } from '../support/killable-workers.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

const SCHEDULES = 5;
const KILLS = 4;

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

const ids = () => [...new Set(target.received.map(({ headers }) => String(headers['x-task-id'])))];

/** The seconds at which a schedule has fired, from its first to its last, by the ids of its tasks. */
function secondsOf(schedule: string): number[] {
  const times = ids()
    .filter((id) => id.startsWith(`client-a.${schedule}@`))
    .map((id) => /@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(id)!.slice(1).map(Number))
    .map(([year, month, ...rest]) => Date.UTC(year!, month! - 1, ...(rest as [number])) / 1000);
  return times.toSorted((one, other) => one - other);
}

it('three workers, one of them killed again and again: each occurrence is enqueued once, and none is missing', async () => {
  const all = await Promise.all([workers.start(), workers.start(), workers.start()]);
  const names = Array.from({ length: SCHEDULES }, (_, n) => `tick-${n}`);
  for (const schedule_id of names) {
    const body = {
      client_id: 'client-a',
      schedule_id,
      cron: '* * * * * *',
      misfire: 'all',
      task: { url: target.url },
    };
    expect((await api.post('/v1/schedules', body)).status).toBe(201);
  }
  for (let kills = 0; kills < KILLS; kills++) {
    const before = ids().length;
    await until(() => ids().length >= before + 2 * SCHEDULES, { timeoutMs: 30_000 });
    const [victim] = all.splice(Math.floor(Math.random() * all.length), 1);
    victim!.child.kill('SIGKILL');
    await victim!.ended;
    all.push(await workers.start());
  }
  for (const name of names) await api.post(`/v1/schedules/client-a.${name}/pause`, {});
  const fired = async () => {
    const shown = names.map((name) => api.get<ScheduleView>(`/v1/schedules/client-a.${name}`));
    return (await Promise.all(shown)).map(({ body }) => body.fired);
  };
  // What was claimed before is a task within the five seconds for which a dead worker has it, and then delivered.
  await until(async () => (await fired()).reduce((sum, count) => sum + count, 0) === ids().length, {
    timeoutMs: 30_000,
  });
  for (const [n, name] of names.entries()) {
    const seconds = secondsOf(name);
    const expected = Array.from({ length: seconds.at(-1)! - seconds[0]! + 1 }, (_, at) => seconds[0]! + at);
    expect(seconds, name).toEqual(expected);
    expect((await fired())[n]).toBe(seconds.length);
  }
  process.stdout.write(`schedules: ${KILLS} kills, ${ids().length} occurrences, missing 0, twice 0\n`);
});
