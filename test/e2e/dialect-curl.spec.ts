import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Curl } from '../support/curl.js';
import { TestApp } from '../support/test-app.js';

// The commands that are printed for Task Queue Worker and Task Queue Go. They go on working as they are, but for the address
// of the server and what a reader fills in.

type Body = Record<string, unknown>;

const curl = new Curl();
let app: TestApp;

beforeAll(async () => {
  app = await TestApp.start();
});

afterAll(async () => {
  curl.end();
  await app.stop();
});

const run = (command: string, printed = 'http://localhost:8080') =>
  curl.run<Body>(command, [printed, app.url]);

const EMAIL = `{
    "type": "email",
    "data": {
        "subject": "Test Email",
        "recipient": "user@example.com",
        "content": "This is the contents for the test email"
    }
}`;

describe('Task Queue Worker', () => {
  it.each(['http://localhost:5000', 'http://localhost:8080'])('curl %s/health', async (base) => {
    const { status, body } = await run(`curl ${base}/health`, base);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'healthy', redis: 'connected' });
    expect(Object.keys(body).slice(0, 2)).toEqual(['status', 'redis']);
  });

  it('POST /tasks, GET /tasks/{task_id}, GET /tasks, GET /queue/stats', async () => {
    const command = `curl -X POST http://localhost:8080/tasks -H "Content-Type: application/json" -d '${EMAIL}'`;
    const created = await run(command);
    expect(created).toMatchObject({
      status: 201,
      body: { status: 'queued', message: 'Task created successfully' },
    });
    const id = String(created.body['task_id']);
    const printed = 'curl http://localhost:8080/tasks/a1b2c3d4-e5f6-7890-abcd-ef1234567890';
    const found = await run(printed.replace('a1b2c3d4-e5f6-7890-abcd-ef1234567890', id));
    expect(found).toMatchObject({ status: 200, body: { id, ...(JSON.parse(EMAIL) as object) } });
    expect(await run(printed)).toEqual({ status: 404, body: { error: 'Task not found' } });
    const list = await run('curl http://localhost:8080/tasks');
    expect(list).toMatchObject({ status: 200, body: { count: 1, tasks: [{ id, type: 'email' }] } });
    const stats = await run('curl http://localhost:8080/queue/stats');
    expect(stats).toMatchObject({ status: 200, body: { total_tasks: 1 } });
    expect(Object.keys(stats.body)).toEqual(['queue_length', 'total_tasks']);
  });
});

const SUBMIT = `curl -X POST http://localhost:8080/api/v1/tasks \\
  -H "Content-Type: application/json" \\
  -d '{
    "type": "echo",
    "payload": {"message": "Hello, World!"},
    "priority": 2
  }'`;

const SUBMIT_SCHEDULED = `# Schedule a task for 30 seconds in the future
curl -X POST http://localhost:8080/api/v1/tasks \\
  -H "Content-Type: application/json" \\
  -d '{
    "type": "echo",
    "payload": {"message": "Delayed task"},
    "scheduled_at": "2024-01-15T12:00:00Z"
  }'`;

const SUBMIT_IN_TEN_SECONDS = `curl -X POST http://localhost:8080/api/v1/tasks \\
  -H "Content-Type: application/json" \\
  -d '{
    "type": "echo",
    "payload": {"message": "delayed"},
    "scheduled_at": "'$(date -u -d '+10 seconds' +%Y-%m-%dT%H:%M:%SZ)'"
  }'`;

const STRUCTURE = `curl -X POST http://localhost:8080/api/v1/tasks -d '{
  "type": "email",
  "payload": { "to": "user@example.com", "subject": "Welcome" },
  "priority": 2,
  "max_retries": 5,
  "timeout": 300,
  "scheduled_at": "2024-01-15T12:00:00Z",
  "metadata": { "user_id": "123" }
}' -H "Content-Type: application/json"`;

describe('Task Queue Go', () => {
  it('submits a task, and tells its status', async () => {
    const { status, body } = await run(SUBMIT);
    expect([status, body['priority'], body['payload']]).toEqual([201, 'high', { message: 'Hello, World!' }]);
    const id = String(body['id']);
    await app.taskIn('completed', id);
    const found = await run('curl http://localhost:8080/api/v1/tasks/{task_id}'.replace('{task_id}', id));
    expect(found).toMatchObject({
      status: 200,
      body: { id, state: 'completed', result: { echoed: { message: 'Hello, World!' } } },
    });
  });

  it('runs what was scheduled for a time that has passed at once', async () => {
    const { status, body } = await run(SUBMIT_SCHEDULED);
    expect(status).toBe(201);
    await app.taskIn('completed', String(body['id']));
  });

  it('schedules a task, and cancels it', async () => {
    const { status, body } = await run(SUBMIT_IN_TEN_SECONDS);
    expect([status, body['state']]).toEqual([201, 'scheduled']);
    const command = 'curl -X DELETE http://localhost:8080/api/v1/tasks/{task_id}';
    const cancelled = await run(command.replace('{task_id}', String(body['id'])));
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } });
  });

  it('takes a task with everything that its structure has', async () => {
    const { status, body } = await run(STRUCTURE);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      type: 'email',
      priority: 'high',
      max_retries: 5,
      timeout: 300,
      metadata: { user_id: '123' },
    });
  });

  it('tells how deep the queues are', async () => {
    const { status, body } = await run('curl http://localhost:8080/api/v1/tasks');
    expect(status).toBe(200);
    expect(body['queue_depths']).toEqual({ critical: 0, high: 0, normal: 0, low: 0 });
  });

  it('pauses a worker and has it go on', async () => {
    const { body } = await run('curl http://localhost:8080/admin/workers');
    const [worker] = body['workers'] as Body[];
    const id = String(worker?.['id']);
    for (const verb of ['pause', 'resume']) {
      const command = `curl -X POST http://localhost:8080/admin/workers/<worker_id>/${verb}`;
      const answer = await run(command.replace('<worker_id>', id));
      expect(answer).toMatchObject({ status: 200, body: { message: `worker ${verb}d`, worker_id: id } });
    }
    expect(await run(`curl http://localhost:8080/admin/workers/${id}`)).toMatchObject({
      status: 200,
      body: { id },
    });
  });

  it('retries what is in the dead letter queue', async () => {
    const failing = await run(
      SUBMIT.replace('"echo"', '"fail"').replace('"priority": 2', '"max_retries": 0'),
    );
    await app.taskIn('dead_letter', String(failing.body['id']));
    const { body } = await run('curl http://localhost:8080/admin/dlq');
    const [entry] = body['entries'] as Body[];
    const id = String(entry?.['task_id']);
    const retried = await run(
      `curl -X POST http://localhost:8080/admin/tasks/<task_id>/retry`.replace('<task_id>', id),
    );
    expect(retried).toMatchObject({ status: 200, body: { message: 'task re-queued', task_id: id } });
    await app.taskIn('dead_letter', id);
    const all = `curl -X POST http://localhost:8080/admin/dlq/retry -H "Content-Type: application/json" -d '{"retry_all": true}'`;
    expect(await run(all)).toMatchObject({ status: 200, body: { retried_count: 1 } });
  });

  it('purges a queue and clears the dead letter queue', async () => {
    const body = { type: 'echo', priority: 0, delay: 3600 };
    const low = (await app.post<Body>('/api/v1/tasks', body)).body['id'];
    expect(await run('curl -X DELETE http://localhost:8080/admin/queues/low')).toMatchObject({
      status: 200,
      body: { priority: 'low', message: expect.any(String) as string },
    });
    expect((await app.get(`/api/v1/tasks/${String(low)}`)).status).toBe(404);
    expect(await run('curl -X DELETE http://localhost:8080/admin/queues/normal')).toMatchObject({
      status: 200,
    });
    expect(await run('curl -X DELETE http://localhost:8080/admin/dlq')).toMatchObject({
      status: 200,
      body: { message: expect.any(String) as string },
    });
    expect((await run('curl http://localhost:8080/admin/dlq')).body['entries']).toEqual([]);
    expect(await run('curl http://localhost:8080/admin/queues')).toMatchObject({ status: 200 });
  });

  it('curl http://localhost:8080/admin/health', async () => {
    const { status, body } = await run('curl http://localhost:8080/admin/health');
    expect([status, JSON.stringify(body)]).toEqual([200, '{"status":"healthy","redis":"connected"}']);
  });
});
