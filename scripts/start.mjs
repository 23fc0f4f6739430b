// `npm start`: everything in one process for a try on this machine, answering on loopback only. With no Redis
// named in the environment it brings its own.
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedis } from './embedded-redis.mjs';
import { watchNpm } from './lib/parent-watch.mjs';
import { wantsEmbeddedRedis } from './lib/settings.mjs';

const EXIT_WAIT_MS = 1000;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

endWithTerminalOrNpm();
try {
  await runUntilStopped();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
exitOnceWritten();

async function runUntilStopped() {
  setEnvironment(process.env);
  const redis = wantsEmbeddedRedis(process.env) ? await startEmbeddedRedis() : undefined;
  try {
    // With a wrong setting the app says so and ends the process; the guard then ends Redis.
    redis?.exited.then(() => endWithoutRedis(redis));
    const app = await import('../dist/main.js');
    // Without a URL it was told to stop before it was ready.
    if (app.url) {
      console.log(welcome(app.url, process.env.MODE, redis));
      sayWhenStopping(process.env.SHUTDOWN_TIMEOUT_SEC);
    }
    await app.stopped;
  } finally {
    await redis?.stop();
  }
  console.log('Stopped.');
}

// The app handles SIGTERM: it finishes what it is doing. Before it is there, SIGTERM just ends the process.
function endWithTerminalOrNpm() {
  const end = () => process.kill(process.pid, 'SIGTERM');
  process.once('SIGHUP', end);
  watchNpm(end);
}

// A pipe takes the last lines in its own time; a reader that hangs, or has gone, holds nobody up.
function exitOnceWritten() {
  const end = () => process.exit();
  process.stdout.on('error', end);
  setTimeout(end, EXIT_WAIT_MS);
  process.stdout.write('', end);
}

function setEnvironment(env) {
  env.MODE ||= 'both';
  env.PORT ||= '8080';
  // A trial needs no key, so nothing but this machine may reach it, whatever the environment says.
  env.AUTH_MODE ||= 'open';
  env.BIND_ADDRESS = '127.0.0.1';
  env.ALLOWED_HOSTS = 'localhost,127.0.0.1';
  env.ALLOW_LOOPBACK_URLS = 'true';
  env.ALLOW_PRIVATE_URLS = 'false';
  env.SHUTDOWN_TIMEOUT_SEC ||= '25';
}

async function startEmbeddedRedis() {
  const dataDir = resolve(ROOT, process.env.DATA_DIR || 'data');
  const redis = await startRedis({ dataDir, appendOnly: true }).catch(giveUp);
  process.env.REDIS_URL = redis.url;
  return redis;
}

// Errors of the Redis server's start are written for whoever typed `npm start`; a stack would only hide that.
function giveUp(error) {
  console.error(error.message);
  process.exit(1);
}

// This Redis does not come back, so there is nothing to wait for: what runs cannot be recorded any more, and runs
// again after the next start.
function endWithoutRedis(redis) {
  if (redis.stopping) return;
  console.error(
    `Redis (pid ${redis.pid}) has ended; ${join(redis.dataDir, 'redis.log')} says why. Ending at once; the next npm start goes on with what is queued.`,
  );
  process.exitCode = 1;
  redis.stop().finally(exitOnceWritten);
}

function sayWhenStopping(seconds) {
  const say = () => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, say);
    console.log(
      `Stopping: running tasks may finish for up to ${seconds} s; press Ctrl-C again to stop at once.`,
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, say);
}

function welcome(url, mode, redis) {
  const base = `http://localhost:${new URL(url).port}`;
  const roles = { both: 'API and worker', api: 'API', worker: 'Worker' };
  const where = redis
    ? `127.0.0.1:${redis.port}, pid ${redis.pid}, data in ${redis.dataDir}`
    : 'the one that the environment names';
  const rows = [
    [roles[mode], base],
    ...(mode === 'worker' ? [] : [['Documentation', `${base}/docs`]]),
    ['Redis', where],
  ];
  return `
Task Runner is running, for this machine only.

${rows.map(([name, text]) => `  ${name.padEnd(14)}  ${text}`).join('\n')}
${mode === 'worker' ? '' : firstSteps(base)}
Ctrl-C stops it; what is queued is kept.
`;
}

function firstSteps(base) {
  const task = `{"client_id":"my-service","task":{"url":"${base}/health","method":"GET"}}`;
  return `
Enqueue a task:

  curl -X POST ${base}/v1/enqueue -H 'content-type: application/json' -d '${task}'

and look at it, with the task_id from the answer:

  curl ${base}/v1/tasks/<task_id>
`;
}
