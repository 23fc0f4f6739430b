import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { at, nested, render, TOOLS, type Values } from './render.js';
import { SETTING_NAMES } from './setting-names.js';

interface Resource {
  readonly kind: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

const CHART = 'charts/task-runner-cpln';
const NEEDED: Values = { gvc: 'g', redis: { redisPassword: 'pw-r', sentinelPassword: 'pw-s' } };

function resources(values: Values, files: readonly string[] = []): Resource[] {
  return render(values, { chart: CHART, files }) as unknown as Resource[];
}

function given(path: string, value: unknown): Values {
  const [first = '', ...rest] = path.split('.');
  if (first !== 'redis') return { ...NEEDED, ...nested(path, value) };
  const inner = nested(rest.join('.'), value);
  return { ...NEEDED, redis: { ...(NEEDED['redis'] as Values), ...inner } };
}

const named = (all: readonly Resource[], kind: string, name: string) => {
  return all.find((resource) => resource.kind === kind && resource.name === name);
};
const workload = (all: readonly Resource[], part: string) =>
  named(all, 'workload', `task-runner-${part}`)?.['spec'];
const env = (all: readonly Resource[], part: string): Record<string, string> => {
  const entries = (at(workload(all, part), 'containers.0.env') ?? []) as { name: string; value: string }[];
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
};
const secret = (all: readonly Resource[]) =>
  named(all, 'secret', 'task-runner-secrets')?.['data'] as Values | undefined;

type Read = (all: readonly Resource[]) => unknown;
const both =
  (name: string): Read =>
  (all) => [env(all, 'api')[name], env(all, 'worker')[name]];
const spec =
  (part: string, path: string): Read =>
  (all) =>
    at(workload(all, part), path);
const twice = (value: unknown) => [value, value];

// prettier-ignore
const ROWS: readonly (readonly [rows: string, value: string, set: unknown, read: Read, usual: unknown, changed: unknown])[] = [
  ['S0 16', 'global.image.repository', 'r/x', spec('api', 'containers.0.image'), '//image/task-runner:0.1.0', 'r/x:0.1.0'],
  ['S2 12', 'image', 'i:0.4', spec('worker', 'containers.0.image'), '//image/task-runner:0.1.0', 'i:0.4'],
  ['S0 17', 'redis.address', 'redis:6379', both('REDIS_ADDRESS'), twice(undefined), twice('redis:6379')],
  ['S0 18, S2 13', 'api.enabled', false, (all) => workload(all, 'api') !== undefined, true, false],
  ['S0 19, S2 14', 'api.replicas.min', 2, spec('api', 'defaultOptions.autoscaling.minScale'), 1, 2],
  ['S0 20, S2 14', 'api.replicas.max', 9, spec('api', 'defaultOptions.autoscaling.maxScale'), 3, 9],
  ['S2 15', 'api.port', 9000, spec('api', 'containers.0.ports.0.number'), 8080, 9000],
  ['S2 17', 'api.public.pathPrefix', '/x', (all) => env(all, 'api')['PATH_PREFIX'], undefined, '/x'],
  ['S0 22, S2 18', 'api.resources.cpu', '2', spec('api', 'containers.0.cpu'), '500m', '2'],
  ['S0 23, S2 18', 'api.resources.memory', '1Gi', spec('api', 'containers.0.memory'), '512Mi', '1Gi'],
  ['S0 24, S2 19', 'api.env.logLevel', 'warn', (all) => env(all, 'api')['LOG_LEVEL'], 'info', 'warn'],
  ['S0 25, S2 20', 'api.env.adminApiKey', 'k', (all) => secret(all)?.['admin-api-key'], undefined, 'k'],
  ['S0 26, S2 21', 'api.env.otelEndpoint', 'tracing.controlplane:4318', (all) => env(all, 'api')['OTEL_EXPORTER_OTLP_ENDPOINT'], undefined, 'tracing.controlplane:4318'],
  ['S2 22', 'api.env.connectRetries', 3, (all) => env(all, 'api')['REDIS_CONNECT_RETRIES'], '30', '3'],
  ['S2 23', 'api.env.retryIntervalSec', 4, (all) => env(all, 'api')['REDIS_RETRY_INTERVAL_SEC'], '2', '4'],
  ['S0 27, S2 24', 'worker.enabled', false, (all) => workload(all, 'worker') !== undefined, true, false],
  ['S0 28, S2 25', 'worker.replicas.min', 2, spec('worker', 'defaultOptions.autoscaling.minScale'), 1, 2],
  ['S0 29, S2 25', 'worker.replicas.max', 9, spec('worker', 'defaultOptions.autoscaling.maxScale'), 5, 9],
  ['S2 26', 'worker.port', 9000, (all) => env(all, 'worker')['PORT'], '8082', '9000'],
  ['S0 30, S2 27', 'worker.resources.cpu', 1, spec('worker', 'containers.0.cpu'), '1000m', '1'],
  ['S0 31, S2 27', 'worker.resources.memory', '2Gi', spec('worker', 'containers.0.memory'), '1Gi', '2Gi'],
  ['S0 32, S2 28', 'worker.env.logLevel', 'warn', (all) => env(all, 'worker')['LOG_LEVEL'], 'info', 'warn'],
  ['S0 33, S2 29', 'worker.env.concurrency', 50, (all) => env(all, 'worker')['WORKER_CONCURRENCY'], '10', '50'],
  ['S0 34, S2 30', 'worker.env.taskTimeoutSec', 60, both('TASK_TIMEOUT_SEC'), twice('1800'), twice('60')],
  ['S0 35, S2 31', 'worker.env.maxRetry', 0, both('MAX_RETRY'), twice('5'), twice('0')],
  ['S0 36, S2 32', 'worker.env.allowPrivateUrls', true, both('ALLOW_PRIVATE_URLS'), twice('false'), twice('true')],
  ['S0 37, S2 33', 'worker.env.cbFailureThreshold', 9, both('CB_FAILURE_THRESHOLD'), twice('5'), twice('9')],
  ['S0 38, S2 34', 'worker.env.cbTimeoutSec', 7, both('CB_TIMEOUT_SEC'), twice('30'), twice('7')],
  ['S2 35', 'worker.env.connectRetries', 3, (all) => env(all, 'worker')['REDIS_CONNECT_RETRIES'], '30', '3'],
  ['S2 36', 'worker.env.retryIntervalSec', 4, (all) => env(all, 'worker')['REDIS_RETRY_INTERVAL_SEC'], '2', '4'],
  ['S2 37', 'worker.env.otelEndpoint', 'o:1', (all) => env(all, 'worker')['OTEL_EXPORTER_OTLP_ENDPOINT'], undefined, 'o:1'],
  ['S2 38', 'createSecret', false, (all) => secret(all) !== undefined, true, false],
  ['S2 39', 'secretName', 'mine', (all) => named(all, 'secret', 'mine') !== undefined, false, true],
  ['S2 40', 'redis.redisPassword', 'x', (all) => secret(all)?.['redis-password'], 'pw-r', 'x'],
  ['S2 41', 'redis.sentinelPassword', 'x', (all) => secret(all)?.['redis-sentinel-password'], 'pw-s', 'x'],
  ['S2 44', 'redis.redis.auth.fromSecret.enabled', false, both('REDIS_PASSWORD'), twice('cpln://secret/task-runner-secrets.redis-password'), twice(undefined)],
  ['S2 44', 'redis.redis.auth.fromSecret.passwordKey', 'k', both('REDIS_PASSWORD'), twice('cpln://secret/task-runner-secrets.redis-password'), twice('cpln://secret/task-runner-secrets.k')],
  ['S2 45', 'redis.redis.persistence.enabled', false, (all) => named(all, 'volumeset', 'task-runner-redis') !== undefined, true, false],
  ['S2 46', 'redis.sentinel.auth.fromSecret.enabled', false, both('REDIS_SENTINEL_PASSWORD'), twice('cpln://secret/task-runner-secrets.redis-sentinel-password'), twice(undefined)],
  ['S2 46', 'redis.sentinel.auth.fromSecret.passwordKey', 'k', both('REDIS_SENTINEL_PASSWORD'), twice('cpln://secret/task-runner-secrets.redis-sentinel-password'), twice('cpln://secret/task-runner-secrets.k')],
  ['S2 47', 'redis.sentinel.persistence.enabled', false, (all) => named(all, 'volumeset', 'task-runner-sentinel') !== undefined, true, false],
];

describe('the chart for Control Plane', () => {
  // Not --strict: it warns of everything that is no Kubernetes object.
  it('passes the lint', () => {
    execFileSync(`${TOOLS}helm`, ['lint', '--quiet', CHART, '--values', '-'], {
      input: JSON.stringify(NEEDED),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  });

  it.each(ROWS)('%s: %s does what it says', (...[, path, set, read, usual, changed]) => {
    expect([read(resources(NEEDED)), read(resources(given(path, set)))]).toEqual([usual, changed]);
  });

  // S0 10, 21, S2 4-6, 16, 42, 43, 80
  it("renders what Control Plane Task Runner's values file says, with a GVC and an admin key", () => {
    const all = resources({ gvc: 'g', api: { env: { adminApiKey: 'k' } } }, [
      'test/charts/values/control-plane-task-runner.yaml',
    ]);
    expect(all.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'identity task-runner',
      'policy task-runner',
      ...['-secrets', '-redis-start', '-sentinel-start'].map((end) => `secret task-runner${end}`),
      ...['redis', 'sentinel'].map((part) => `volumeset task-runner-${part}`),
      ...['redis', 'sentinel', 'api', 'worker'].map((part) => `workload task-runner-${part}`),
    ]);
    expect(named(all, 'policy', 'task-runner')).toMatchObject({
      targetKind: 'secret',
      targetLinks: expect.arrayContaining(['//secret/task-runner-secrets']) as unknown,
      bindings: [{ permissions: ['reveal'], principalLinks: ['//gvc/g/identity/task-runner'] }],
    });
    for (const part of ['api', 'worker', 'redis', 'sentinel']) {
      expect(at(workload(all, part), 'identityLink')).toBe('//gvc/g/identity/task-runner');
    }
    expect(env(all, 'api')).toMatchObject({
      REDIS_SENTINEL_ADDR: 'task-runner-sentinel.g.cpln.local:26379',
      ADMIN_API_KEY: 'cpln://secret/task-runner-secrets.admin-api-key',
    });
    expect(at(workload(all, 'api'), 'firewallConfig.external')).toEqual({
      inboundAllowCIDR: ['0.0.0.0/0'],
      outboundAllowCIDR: [],
    });
    expect(at(workload(all, 'worker'), 'firewallConfig.external')).toEqual({
      inboundAllowCIDR: [],
      outboundAllowCIDR: ['0.0.0.0/0'],
    });
  });

  // S0 13, 39, S2 48
  it("renders Task Runner Template's values: a Redis that is there, and none of its own", () => {
    const own = { gvc: 'g', api: { env: { adminApiKey: 'k' } }, redis: { password: 'pw-39' } };
    const all = resources(own, ['test/charts/values/task-runner-template.yaml']);
    expect(all.filter(({ kind }) => kind === 'workload').map(({ name }) => name)).toEqual([
      'task-runner-api',
      'task-runner-worker',
    ]);
    expect(env(all, 'worker')).toMatchObject({
      REDIS_ADDRESS: 'redis:6379',
      REDIS_PASSWORD: 'cpln://secret/task-runner-secrets.redis-password',
    });
    expect(secret(all)).toEqual({ 'admin-api-key': 'k', 'redis-password': 'pw-39' });
  });

  it.each([
    [{}, []],
    [{ redis: { address: 'redis:6379' } }, []],
    [{ redis: { address: 'redis.other.cpln.local:6379' } }, []],
    [{ api: { env: { otelEndpoint: 'tracing.controlplane:4318' } } }, []],
    [{ redis: { address: 'redis.example.com:6379' } }, ['0.0.0.0/0']],
    [{ redis: { address: '203.0.113.9:6379' } }, ['0.0.0.0/0']],
    [{ api: { env: { otelEndpoint: 'https://otel.example.com/v1' } } }, ['0.0.0.0/0']],
  ])('lets the API out only to what %j has elsewhere', (values: Values, expected) => {
    const redis = { ...(NEEDED['redis'] as Values), ...(values['redis'] as Values | undefined) };
    const external = at(
      workload(resources({ ...NEEDED, ...values, redis }), 'api'),
      'firewallConfig.external',
    );
    expect(at(external, 'outboundAllowCIDR')).toEqual(expected);
  });

  it('bounds the memory of Redis, and does not run it as root', () => {
    const redis = (memory?: string) =>
      resources(given('redis.redis', memory ? { resources: { memory } } : {}));
    expect(env(redis(), 'redis')['MAXMEMORY']).toBe('614mb');
    expect(env(redis('1.5Gi'), 'redis')['MAXMEMORY']).toBe('921mb');
    expect(env(redis(), 'sentinel')['MAXMEMORY']).toBeUndefined();
    expect(() => redis('much')).toThrow(/like 512Mi or 2Gi \(got "much"\)/);
    for (const part of ['redis', 'sentinel']) {
      expect(at(workload(redis(), part), 'securityOptions')).toEqual({
        runAsUser: 999,
        filesystemGroupId: 999,
      });
    }
  });

  it('takes passwords from a secret that is there', () => {
    const from = (key: string) => ({ fromSecret: { name: 'theirs', ...(key && { passwordKey: key }) } });
    const redis = { admin: from(''), redis: { auth: from('a') }, sentinel: { auth: from('b') } };
    const all = resources({ gvc: 'g', createSecret: false, redis });
    expect(env(all, 'api')).toMatchObject({
      REDIS_PASSWORD: 'cpln://secret/theirs.a',
      REDIS_SENTINEL_PASSWORD: 'cpln://secret/theirs.b',
      ADMIN_API_KEY: 'cpln://secret/theirs.admin-api-key',
    });
    expect(at(named(all, 'policy', 'task-runner'), 'targetLinks')).toContain('//secret/theirs');
  });

  it.each([
    ['no GVC', { ...NEEDED, gvc: '' }, /Set gvc: the name of the GVC/],
    ['no password', { gvc: 'g' }, /Set redis\.(redis|sentinel)Password \(openssl rand/],
    [
      'public without an admin key',
      { ...NEEDED, api: { public: { enabled: true } } },
      /public without an admin key: set api\.env\.adminApiKey/,
    ],
    [
      'public and open',
      { ...NEEDED, auth: { mode: 'open' }, api: { public: { enabled: true }, env: { adminApiKey: 'k' } } },
      /take tasks from everybody/,
    ],
    ['an unknown value', { ...NEEDED, apis: {} }, /'apis' not allowed/],
  ])('refuses %s', (_name, values: Values, says) => {
    expect(() => resources(values)).toThrow(says);
  });

  it('says to the product what the product knows, and probes what it serves', () => {
    const all = resources(NEEDED);
    for (const part of ['api', 'worker']) {
      expect(Object.keys(env(all, part)).filter((name) => !SETTING_NAMES.has(name))).toEqual([]);
      const port = Number(env(all, part)['PORT']);
      expect(at(workload(all, part), 'containers.0')).toMatchObject({
        ports: [{ number: port }],
        readinessProbe: {
          httpGet: { path: '/health/ready', port },
          initialDelaySeconds: 5,
          periodSeconds: 10,
        },
        livenessProbe: {
          httpGet: { path: '/health/live', port },
          initialDelaySeconds: 10,
          periodSeconds: 15,
        },
      });
    }
  });
});
