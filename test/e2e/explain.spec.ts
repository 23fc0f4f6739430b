import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ExplanationView } from '../../src/tracking/explain.dto.js';
import { Receiver } from '../support/receiver.js';
import { TestApp } from '../support/test-app.js';
import { WaitingTasks } from '../support/waiting-tasks.js';

let app: TestApp;
let target: Receiver;
let tasks: WaitingTasks;

beforeAll(async () => {
  [app, target] = await Promise.all([TestApp.start(), Receiver.start()]);
  tasks = new WaitingTasks(app, target);
});
beforeEach(async () => {
  await tasks.letAllGo();
  target.reset();
});
afterAll(async () => {
  await app.stop();
  await target.stop();
});

const ask = (id: string) => app.get<ExplanationView>(`/v1/tasks/${id}/explain`);
const explain = async (id: string) => {
  const { status, body } = await ask(id);
  expect(status).toBe(200);
  expect(body.task_id).toBe(id);
  return body;
};

describe('the explanation of a task', () => {
  it.each(['scheduled', 'retrying'] as const)('that is %s says when it is due', async (state) => {
    const id = await tasks[state]();
    const task = await app.taskIn(state, id);
    const body = await explain(id);
    expect(body).toMatchObject({ state, eta: task.next_attempt_at });
    expect(body.summary).toContain(`due at ${task.next_attempt_at}`);
    expect(body.position).toBeUndefined();
    expect(body.gates).toEqual([
      { gate: 'queue', name: 'default', passes: true },
      { gate: 'client', name: 'test-client', passes: true },
      { gate: 'host', name: target.url, passes: true },
    ]);
  });

  it('that is pending says how many wait ahead of it', async () => {
    const ids = [await tasks.pending(), await tasks.pending(), await tasks.pending()];
    const bodies = await Promise.all(ids.map(explain));
    expect(bodies.map(({ state, position }) => [state, position])).toEqual([
      ['pending', { waiting_ahead_in_lane: 0 }],
      ['pending', { waiting_ahead_in_lane: 1 }],
      ['pending', { waiting_ahead_in_lane: 2 }],
    ]);
    expect(bodies[1]!.summary).toBe('It is due and waits for a worker; 1 task is ahead of it in lane low.');
  });

  it('that is deferred says which gate holds it, and how many are held before it', async () => {
    await tasks.deferred();
    const id = await tasks.deferred();
    const body = await explain(id);
    expect(body).toMatchObject({ state: 'deferred', position: { parked_ahead: 1 } });
    expect(body.gates.map(({ passes }) => passes)).toEqual([true, false, true]);
    expect(body.gates[1]).toEqual({
      gate: 'client',
      name: 'held-client',
      passes: false,
      reason: 'disabled',
    });
    expect(body.summary).toBe(
      'It is due, but its client held-client is disabled; 1 task is ahead of it there.',
    );
    expect(body.eta).toBeUndefined();
  });

  it('that is running says so', async () => {
    const { id, answer } = await tasks.running();
    expect(await explain(id)).toMatchObject({ state: 'running', summary: 'It is running.' });
    answer();
    await app.taskIn('completed', id);
  });

  it('that is finished says how it ended, and names no gates', async () => {
    const id = await tasks.dead();
    const body = await explain(id);
    expect(body).toMatchObject({ state: 'dead_letter', gates: [] });
    expect(body.summary).toContain('dead letter');
    await app.send('POST', `/v1/tasks/${id}/retry`);
    await app.taskIn('completed', id);
    expect((await explain(id)).summary).toBe('It is completed.');
  });

  it('that does not exist is not found', async () => {
    for (const id of [randomUUID(), 'no-id']) {
      expect(await ask(id)).toMatchObject({ status: 404, body: { code: 'task_not_found' } });
    }
  });
});
