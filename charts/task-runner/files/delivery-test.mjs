// Enqueues a task as a client of its own and waits until it was delivered. Node's own fetch: the image has no curl.
// API_URL, ADMIN_API_KEY, AUTH_MODE, TARGET_URL (empty = a task that the workers do by themselves)
const { API_URL, ADMIN_API_KEY = '', AUTH_MODE, TARGET_URL = '' } = process.env;
const CLIENT = 'helm-test';
const DEADLINE_MS = 90_000;

const begun = Date.now();
const admin = { 'X-Admin-Key': ADMIN_API_KEY };
const client = AUTH_MODE === 'open' ? {} : await withKey();
const target =
  TARGET_URL === ''
    ? { type: 'echo', payload: { from: 'helm test' } }
    : { task: { url: TARGET_URL, method: 'GET' } };
const { task_id: id } = await call('POST', '/v1/enqueue', client, { client_id: CLIENT, ...target });
const task = await ended(id);
console.log(JSON.stringify(task, null, 2));
if (task.state !== 'completed') throw new Error(`The task ${id} is ${task.state}, not completed`);
console.log(`Enqueued and delivered in ${Date.now() - begun} ms.`);

/** A key for this run: those of former runs are forgotten first. */
async function withKey() {
  await call('POST', '/admin/clients/set', admin, { client_id: CLIENT, tier: 'basic', enabled: true });
  const { keys } = await call('GET', `/admin/clients/${CLIENT}/keys`, admin);
  for (const { key_id } of keys) await call('DELETE', `/admin/clients/${CLIENT}/keys/${key_id}`, admin);
  const { key } = await call('POST', `/admin/clients/${CLIENT}/keys`, admin);
  return { Authorization: `Bearer ${key}` };
}

async function ended(id) {
  for (;;) {
    const task = await call('GET', `/v1/tasks/${id}`, client);
    if (['completed', 'dead_letter', 'cancelled', 'expired'].includes(task.state)) return task;
    if (Date.now() - begun > DEADLINE_MS)
      throw new Error(`The task ${id} is still ${task.state}: does a worker run?`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function call(method, path, headers, body) {
  const answer = await fetch(API_URL + path, {
    method,
    headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
