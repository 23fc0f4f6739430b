import { expect } from 'vitest';
import { at, environment, find, type Manifest, type Values } from './render.js';

/** One value of the sources' charts: what is rendered without it, and with another one in its place. */
export interface ValueRow {
  /** Rows of docs/source-coverage.md that it is: source and number. */
  readonly rows: string;
  readonly value: string;
  readonly set: unknown;
  /** Values that it needs to have an effect. */
  readonly also?: Values;
  readonly read: (objects: readonly Manifest[]) => unknown;
  readonly usual: unknown;
  readonly changed: unknown;
}

type Part = 'api' | 'worker';
type Read = ValueRow['read'];

const deployment = (objects: readonly Manifest[], part: Part) =>
  find(objects, 'Deployment', `task-runner-${part}`);
const container = (part: Part, path: string): Read => {
  return (objects) => at(deployment(objects, part), `spec.template.spec.containers.0.${path}`);
};
const env =
  (part: Part, name: string): Read =>
  (objects) =>
    environment(deployment(objects, part))[name];
const inBoth =
  (name: string): Read =>
  (objects) => [env('api', name)(objects), env('worker', name)(objects)];
const exists =
  (kind: string, name: string): Read =>
  (objects) =>
    find(objects, kind, name) !== undefined;
const scaling = (part: Part, path: string): Read => {
  return (objects) => at(find(objects, 'HorizontalPodAutoscaler', `task-runner-${part}`), `spec.${path}`);
};
const secretKey =
  (key: string, secret = 'task-runner-secrets'): Read =>
  (objects) => {
    const value = at(find(objects, 'Secret', secret), `data.${key}`);
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : undefined;
  };
const isGenerated =
  (read: Read): Read =>
  (objects) =>
    /^[A-Za-z0-9]{40}$/.test(String(read(objects)));
const isVolume =
  (part: string): Read =>
  (objects) => {
    return at(find(objects, 'StatefulSet', `task-runner-${part}`), 'spec.volumeClaimTemplates') !== undefined;
  };
const redisPassword =
  (part: 'redis' | 'sentinel', name: string): Read =>
  (objects) => {
    return environment(find(objects, 'StatefulSet', `task-runner-${part}`))[name];
  };
/** 40 letters and digits. */
const GENERATED: unknown = expect.stringMatching(/^[A-Za-z0-9]{40}$/);
const SENTINEL: Values = { redis: { mode: 'sentinel' } };

const PARTS: readonly (readonly [Part, Readonly<Record<string, string>>])[] = [
  [
    'api',
    {
      enabled: 'S0 18, S2 13',
      min: 'S0 19, S2 2, 14',
      max: 'S0 20, S2 2, 14',
      port: 'S2 15',
      cpu: 'S0 22, S2 18',
      memory: 'S0 23, S2 18',
      logLevel: 'S0 24, S2 19',
      otelEndpoint: 'S0 26, 73, S2 21, 57',
      connectRetries: 'S2 22',
      retryIntervalSec: 'S2 23',
    },
  ],
  [
    'worker',
    {
      enabled: 'S0 27, S2 24',
      min: 'S0 28, S2 3, 25',
      max: 'S0 29, S2 3, 25',
      port: 'S2 26',
      cpu: 'S0 30, S2 27',
      memory: 'S0 31, S2 27',
      logLevel: 'S0 32, S2 28',
      otelEndpoint: 'S2 37, 57',
      connectRetries: 'S2 35',
      retryIntervalSec: 'S2 36',
    },
  ],
];

/** What the two workloads have alike. */
const OF_BOTH = PARTS.flatMap(([part, rows]): ValueRow[] => {
  const isApi = part === 'api';
  const tracing = 'tracing.controlplane:4318';
  const deploys = exists('Deployment', `task-runner-${part}`);
  // prettier-ignore
  const own: readonly Omit<ValueRow, 'rows'>[] = [
    { value: 'enabled', set: false, read: deploys, usual: true, changed: false },
    { value: 'replicas.min', set: 2, read: scaling(part, 'minReplicas'), usual: 1, changed: 2 },
    { value: 'replicas.max', set: 9, read: scaling(part, 'maxReplicas'), usual: isApi ? 3 : 5, changed: 9 },
    { value: 'port', set: 9000, read: container(part, 'ports.0.containerPort'), usual: isApi ? 8080 : 8082, changed: 9000 },
    { value: 'port', set: 9000, read: env(part, 'PORT'), usual: isApi ? '8080' : '8082', changed: '9000' },
    { value: 'resources.cpu', set: 2, read: container(part, 'resources.requests.cpu'), usual: isApi ? '500m' : '1000m', changed: '2' },
    { value: 'resources.memory', set: '2Gi', read: container(part, 'resources.limits.memory'), usual: isApi ? '512Mi' : '1Gi', changed: '2Gi' },
    { value: 'env.logLevel', set: 'debug', read: env(part, 'LOG_LEVEL'), usual: 'info', changed: 'debug' },
    { value: 'env.otelEndpoint', set: tracing, read: env(part, 'OTEL_EXPORTER_OTLP_ENDPOINT'), usual: undefined, changed: tracing },
    { value: 'env.connectRetries', set: 5, read: env(part, 'REDIS_CONNECT_RETRIES'), usual: '30', changed: '5' },
    { value: 'env.retryIntervalSec', set: 4, read: env(part, 'REDIS_RETRY_INTERVAL_SEC'), usual: '2', changed: '4' },
  ];
  return own.map((row) => ({
    ...row,
    value: `${part}.${row.value}`,
    rows: rows[row.value.split('.').at(-1)!]!,
  }));
});

// prettier-ignore
const OF_DELIVERY: ValueRow[] = [
  { rows: 'S0 33, S2 29', value: 'worker.env.concurrency', set: 50, read: env('worker', 'WORKER_CONCURRENCY'), usual: '10', changed: '50' },
  { rows: 'S0 34, S2 30, 50', value: 'worker.env.taskTimeoutSec', set: 60, read: inBoth('TASK_TIMEOUT_SEC'), usual: ['1800', '1800'], changed: ['60', '60'] },
  { rows: 'S0 35, S2 31', value: 'worker.env.maxRetry', set: 0, read: inBoth('MAX_RETRY'), usual: ['5', '5'], changed: ['0', '0'] },
  { rows: 'S0 36, S2 32', value: 'worker.env.allowPrivateUrls', set: true, read: inBoth('ALLOW_PRIVATE_URLS'), usual: ['false', 'false'], changed: ['true', 'true'] },
  { rows: 'S0 37, S2 33, 51', value: 'worker.env.cbFailureThreshold', set: 9, read: inBoth('CB_FAILURE_THRESHOLD'), usual: ['5', '5'], changed: ['9', '9'] },
  { rows: 'S0 38, S2 34', value: 'worker.env.cbTimeoutSec', set: 7, read: inBoth('CB_TIMEOUT_SEC'), usual: ['30', '30'], changed: ['7', '7'] },
];

const image = (objects: readonly Manifest[]) => [
  container('api', 'image')(objects),
  container('worker', 'image')(objects),
];
const usualImage = ['task-runner:0.1.0', 'task-runner:0.1.0'];
const ingressPath: Read = (objects) => {
  return at(find(objects, 'Ingress', 'task-runner-api'), 'spec.rules.0.http.paths.0.path');
};
const PUBLIC: Values = { api: { public: { enabled: true } } };

// prettier-ignore
const OF_THE_WHOLE: ValueRow[] = [
  { rows: 'S0 16', value: 'global.image.repository', set: 'registry.example.com/tr', read: image, usual: usualImage, changed: ['registry.example.com/tr:0.1.0', 'registry.example.com/tr:0.1.0'] },
  { rows: 'S2 12', value: 'image', set: 'tr:0.4', read: image, usual: usualImage, changed: ['tr:0.4', 'tr:0.4'] },
  { rows: 'S0 21, S2 16', value: 'api.public.enabled', set: true, read: exists('Ingress', 'task-runner-api'), usual: false, changed: true },
  { rows: 'S2 17', value: 'api.public.pathPrefix', set: '/tasks', also: PUBLIC, read: ingressPath, usual: '/', changed: '/tasks' },
  { rows: 'S2 17', value: 'api.public.pathPrefix', set: '/tasks', also: PUBLIC, read: env('api', 'PATH_PREFIX'), usual: undefined, changed: '/tasks' },
  { rows: 'S0 25, 50, 51, S2 20', value: 'api.env.adminApiKey', set: 'k-41-secret', read: secretKey('admin-api-key'), usual: GENERATED, changed: 'k-41-secret' },
  { rows: 'S2 38', value: 'createSecret', set: false, also: { secretName: 'task-runner-secrets' }, read: exists('Secret', 'task-runner-secrets'), usual: true, changed: false },
  { rows: 'S2 5, 39', value: 'secretName', set: 'mine', read: isGenerated(secretKey('redis-password', 'mine')), usual: false, changed: true },
  { rows: 'S0 17', value: 'redis.address', set: 'redis:6379', read: inBoth('REDIS_ADDRESS'), usual: ['task-runner-redis:6379', 'task-runner-redis:6379'], changed: ['redis:6379', 'redis:6379'] },
  { rows: 'S0 13, 14', value: 'redis.address', set: 'redis:6379', read: exists('StatefulSet', 'task-runner-redis'), usual: true, changed: false },
  { rows: 'S0 39', value: 'redis.password', set: 'pw-39', also: { redis: { address: 'redis:6379' } }, read: secretKey('redis-password'), usual: undefined, changed: 'pw-39' },
  { rows: 'S0 39', value: 'redis.password', set: 'pw-39', also: { redis: { address: 'redis:6379' } }, read: inBoth('REDIS_PASSWORD'), usual: [undefined, undefined], changed: Array(2).fill('task-runner-secrets/redis-password') },
  { rows: 'S2 4, 9', value: 'redis.sentinelPassword', set: 'pw-41', read: exists('StatefulSet', 'task-runner-sentinel'), usual: false, changed: true },
  { rows: 'S2 40, 49', value: 'redis.redisPassword', set: 'pw-40', read: secretKey('redis-password'), usual: GENERATED, changed: 'pw-40' },
  { rows: 'S2 41, 49', value: 'redis.sentinelPassword', set: 'pw-41', also: SENTINEL, read: secretKey('redis-sentinel-password'), usual: GENERATED, changed: 'pw-41' },
  { rows: 'S2 42', value: 'redis.admin.fromSecret.name', set: 'theirs', read: env('api', 'ADMIN_API_KEY'), usual: 'task-runner-secrets/admin-api-key', changed: 'theirs/admin-api-key' },
  { rows: 'S2 43', value: 'redis.admin.fromSecret.apiKeyKey', set: 'key', read: env('api', 'ADMIN_API_KEY'), usual: 'task-runner-secrets/admin-api-key', changed: 'task-runner-secrets/key' },
  { rows: 'S2 g', value: 'api.admin.apiKeySecretName', set: 'theirs', read: env('api', 'ADMIN_API_KEY'), usual: 'task-runner-secrets/admin-api-key', changed: 'theirs/admin-api-key' },
  { rows: 'S2 44', value: 'redis.redis.auth.fromSecret.enabled', set: false, read: inBoth('REDIS_PASSWORD'), usual: Array(2).fill('task-runner-secrets/redis-password'), changed: [undefined, undefined] },
  { rows: 'S2 44, 48', value: 'redis.redis.auth.fromSecret.name', set: 'theirs', read: redisPassword('redis', 'REDIS_PASSWORD'), usual: 'task-runner-secrets/redis-password', changed: 'theirs/redis-password' },
  { rows: 'S2 44', value: 'redis.redis.auth.fromSecret.passwordKey', set: 'pw', read: inBoth('REDIS_PASSWORD'), usual: Array(2).fill('task-runner-secrets/redis-password'), changed: Array(2).fill('task-runner-secrets/pw') },
  { rows: 'S2 45', value: 'redis.redis.persistence.enabled', set: false, read: isVolume('redis'), usual: true, changed: false },
  { rows: 'S2 46', value: 'redis.sentinel.auth.fromSecret.enabled', set: false, also: SENTINEL, read: inBoth('REDIS_SENTINEL_PASSWORD'), usual: Array(2).fill('task-runner-secrets/redis-sentinel-password'), changed: [undefined, undefined] },
  { rows: 'S2 46, 48', value: 'redis.sentinel.auth.fromSecret.name', set: 'theirs', also: SENTINEL, read: redisPassword('sentinel', 'SENTINEL_PASSWORD'), usual: 'task-runner-secrets/redis-sentinel-password', changed: 'theirs/redis-sentinel-password' },
  { rows: 'S2 46', value: 'redis.sentinel.auth.fromSecret.passwordKey', set: 'pw', also: SENTINEL, read: inBoth('REDIS_SENTINEL_PASSWORD'), usual: Array(2).fill('task-runner-secrets/redis-sentinel-password'), changed: Array(2).fill('task-runner-secrets/pw') },
  { rows: 'S2 47', value: 'redis.sentinel.persistence.enabled', set: false, also: SENTINEL, read: isVolume('sentinel'), usual: true, changed: false },
];

export const VALUE_ROWS: readonly ValueRow[] = [...OF_BOTH, ...OF_DELIVERY, ...OF_THE_WHOLE];
