import type { FastifyInstance } from 'fastify';

type View = Readonly<Record<string, unknown>>;
/** What Task Queue Go has in an answer besides what this product answers there. */
type Words = (view: View, params: Readonly<Record<string, string>>) => object;

/** Its worker, beside ours: an id, a sign of life, how much it does. */
function workerWords({ worker_id, seen_at, busy }: View): object {
  return { id: worker_id, last_heartbeat: seen_at, active_tasks: busy };
}

function listOf(view: View, name: string): View[] {
  const list = view[name];
  return Array.isArray(list) ? (list as View[]) : [];
}

function entryWords({ task_id, type, dead_letter_reason, finished_at }: View): object {
  return { task_id, task_type: type, reason: dead_letter_reason, added_at: finished_at };
}

/** What it has no word for: one that went first and did not come back well, and what is done in the background. */
function retriedWords({ done, canary, operation_id: operation }: View): string {
  const state = (canary as View | undefined)?.['state'];
  if (state !== undefined && state !== 'completed')
    return 'canary did not succeed, the others are left as they are';
  if (operation !== undefined) return 'tasks are being re-queued';
  return done === 1 ? 'task re-queued' : 'tasks re-queued';
}

const WORDS: Readonly<Record<string, Words>> = {
  'GET /admin/workers': (view) => {
    const workers = listOf(view, 'workers').map((worker) => ({ ...worker, ...workerWords(worker) }));
    return { workers, count: workers.length };
  },
  'GET /admin/workers/:id': workerWords,
  'POST /admin/workers/:id/drain': (view) => ({ message: 'worker draining', ...workerWords(view) }),
  'POST /admin/workers/:id/pause': (view) => ({ message: 'worker paused', ...workerWords(view) }),
  'POST /admin/workers/:id/resume': (view) => ({ message: 'worker resumed', ...workerWords(view) }),
  'GET /admin/queues': ({ total_pending }) => ({ total_depth: total_pending }),
  'DELETE /admin/queues/:name': (_view, { name }) => ({ message: 'queue purged', priority: name }),
  'POST /admin/tasks/:id/retry': () => ({ message: 'task re-queued' }),
  'GET /admin/dlq': (view) => {
    const entries = listOf(view, 'tasks').map((task) => ({ ...entryWords(task), task }));
    return { entries, size: entries.length };
  },
  'POST /admin/dlq/retry': (view) => ({
    message: retriedWords(view),
    retried_count: view['done'],
    ...(view['done'] === 1 && Array.isArray(view['sample']) && { task_id: view['sample'][0] as unknown }),
  }),
  'DELETE /admin/dlq': () => ({ message: 'DLQ cleared' }),
};

/** A message of our own says more; and what was only counted has not come to be. */
function withWords(view: View, words: (view: View) => object): View {
  if (view['dry_run'] === true) return view;
  return { ...view, ...words(view), ...('message' in view && { message: view['message'] }) };
}

/** Adds its words to the answers of the admin API. To be called before the routes are registered. */
export function addAdminWords(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const methods = [route.method].flat();
    const words = methods.map((method) => WORDS[`${method} ${route.url}`]).find((each) => each);
    if (!words) return;
    const before = [route.preSerialization ?? []].flat();
    route.preSerialization = [
      ...before,
      (request, reply, payload, done) => {
        const isView = reply.statusCode < 300 && typeof payload === 'object' && payload !== null;
        const params = request.params as Readonly<Record<string, string>>;
        done(null, isView ? withWords(payload as View, (view) => words(view, params)) : payload);
      },
    ];
  });
}
