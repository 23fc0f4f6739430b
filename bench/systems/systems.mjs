// The systems that are compared. Each is an API process and a worker process on a Redis of its own.
import { compileObvious } from './compile-obvious.mjs';

/** For the routes below /admin; a Redis on loopback behind a random password holds nothing but benchmark tasks. */
export const ADMIN_KEY = 'benchmark-admin-key';

const here = (path) => new URL(path, import.meta.url);
const product = here('../../dist/main.js');

/**
 * @typedef {object} Half
 * @property {URL} file
 * @property {Record<string, string>} env besides PORT, REDIS_URL and CONCURRENCY
 * @property {string} [readyPath] answers 200 when it is ready
 *
 * @typedef {object} System
 * @property {string} label
 * @property {Half} api
 * @property {Half} worker
 */

/** @type {Record<string, System>} */
export const SYSTEMS = {
  product: {
    label: 'Task Runner',
    api: { file: product, env: productEnv('api'), readyPath: '/health/ready' },
    worker: { file: product, env: productEnv('worker'), readyPath: '/health/ready' },
  },
  obvious: {
    label: 'obvious build',
    api: { file: compileObvious(), env: obviousEnv('api'), readyPath: '/health' },
    worker: { file: compileObvious(), env: obviousEnv('worker') },
  },
  tuned: {
    label: 'tuned BullMQ',
    api: { file: here('../tuned/api.mjs'), env: production(), readyPath: '/health' },
    worker: { file: here('../tuned/worker.mjs'), env: production() },
  },
  bare: {
    label: 'bare parts',
    api: { file: here('../bare/api.mjs'), env: production(), readyPath: '/health' },
    worker: { file: here('../bare/worker.mjs'), env: production() },
  },
};

function production() {
  return { NODE_ENV: 'production' };
}

function obviousEnv(mode) {
  return { ...production(), MODE: mode };
}

/**
 * The product with other settings of its API.
 *
 * @param {string} label
 * @param {Record<string, string>} env
 * @returns {System}
 */
export function productWith(label, env) {
  const { api, worker } = SYSTEMS.product;
  return { label, api: { ...api, env: { ...api.env, ...env } }, worker };
}

/** As deployed, but for loopback, and open to clients without a key: with its logs, its metrics and its guards. */
function productEnv(mode) {
  return {
    ...production(),
    MODE: mode,
    BIND_ADDRESS: '127.0.0.1',
    ALLOW_LOOPBACK_URLS: 'true',
    ADMIN_API_KEY: ADMIN_KEY,
    AUTH_MODE: 'open',
    UNKNOWN_CLIENT_TIER: 'none',
    // Counted, and never reached: one client sends all that goes through.
    INGRESS_RPS: '1000000',
  };
}
