import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config } from './config.js';
import { readConfigFile } from './config-file.js';
import { ConfigError, isSetting, loadConfig } from './load-config.js';

const folder = mkdtempSync(join(tmpdir(), 'task-runner-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function load(text: string, environment: Record<string, string> = {}): Config {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, text);
  return loadConfig(environment, readConfigFile(path, isSetting));
}

/** Each key of Task Queue Go that means something here: another value than its default, and where that arrives. */
const SETTINGS: [key: string, value: string, read: (config: Config) => unknown, expected: unknown][] = [
  ['server.host', '127.0.0.1', ({ service }) => service.bindAddress, '127.0.0.1'],
  ['server.port', '9090', ({ service }) => service.port, 9090],
  ['redis.addr', 'redis.example:6380', ({ redis }) => redis.address, 'redis.example:6380'],
  ['redis.password', 'secret', ({ redis }) => redis.password, 'secret'],
  ['redis.db', '1', ({ redis }) => redis.db, 1],
  ['worker.id', 'test-worker', ({ workers }) => workers.id, 'test-worker'],
  ['worker.concurrency', '5', ({ delivery }) => delivery.concurrency, 5],
  ['worker.heartbeatinterval', '2s', ({ workers }) => workers.heartbeatSec, 2],
  ['worker.heartbeattimeout', '1m', ({ workers }) => workers.timeoutSec, 60],
  ['worker.shutdowntimeout', '40s', ({ service }) => service.shutdownTimeoutSec, 40],
  ['queue.maxqueuesize', '9', ({ storage }) => storage.maxQueueSize, 9],
  ['queue.claimminidle', '45s', ({ delivery }) => delivery.lockSec, 45],
  ['queue.retrymaxattempts', '7', ({ dialects }) => dialects.taskQueueMaxRetry, 7],
  ['queue.retryinitialbackoff', '500ms', ({ delivery }) => delivery.retryMinBackoffSec, 0.5],
  ['queue.retrymaxbackoff', '10m', ({ delivery }) => delivery.retryMaxBackoffSec, 600],
  ['queue.taskretentiondays', '3', ({ retention }) => retention.completedDays, 3],
  ['queue.ratelimitrps', '50', ({ ingress }) => ingress.requestsPerSecond, 50],
  ['auth.enabled', 'true', ({ clients }) => clients.authMode, 'key'],
  ['loglevel', 'warn', ({ service }) => service.logLevel, 'warn'],
];

const variableOf = (key: string): string => `TASKQUEUE_${key.replace('.', '_').toUpperCase()}`;
const inFile = (key: string, value: string): string => {
  const [section, name] = key.split('.');
  return name === undefined ? `${key}: ${value}\n` : `${section!}:\n  ${name}: ${value}\n`;
};

describe.each(SETTINGS)('%s', (key, value, read, expected) => {
  it('binds in the environment', () => {
    expect(read(loadConfig({ [variableOf(key)]: value }))).toEqual(expected);
  });

  it('binds in the file', () => {
    expect(read(load(inFile(key, value)))).toEqual(expected);
  });
});

describe('the configuration file', () => {
  it('takes the settings of this product by their names, lists and mapped types included', () => {
    const config = load(`
max_retry: 9
priority_mode: strict
deny_cidrs: [10.0.0.0/8, "fd00::/8"]
task_types:
  invoice:
    url: https://hooks.example.com/
    timeout: 30s
`);
    expect(config.delivery).toMatchObject({ maxRetry: 9, priorityMode: 'strict' });
    expect(config.outgoing.denyCidrs).toEqual(['10.0.0.0/8', 'fd00::/8']);
    expect(JSON.parse(config.taskTypes.mapped)).toHaveProperty('invoice');
  });

  it('gives way to the environment, under whichever name that says it', () => {
    expect(load('port: 1\nserver:\n  port: 2\n', { PORT: '3' }).service.port).toBe(3);
    expect(load('port: 1\n', { TASKQUEUE_SERVER_PORT: '3' }).service.port).toBe(3);
    const file = 'redis:\n  addr: file.example:1\n  password: of-the-file\n';
    const { redis } = load(file, { REDIS_HOST: 'env.example' });
    expect(redis).toMatchObject({ address: '', host: 'env.example', password: 'of-the-file' });
  });

  it('of Task Queue Go works as it is', () => {
    const own = `
server: {host: "0.0.0.0", port: 8080, adminport: 8081, readtimeout: 30s, writetimeout: 30s, idletimeout: 120s}
redis: {addr: "localhost:6379", password: "", db: 0, poolsize: 100, minidleconns: 10, maxretries: 3,
  dialtimeout: 5s, readtimeout: 3s, writetimeout: 3s}
worker: {id: "", concurrency: 10, heartbeatinterval: 5s, heartbeattimeout: 15s, shutdowntimeout: 30s}
queue: {streamprefix: "tasks", consumergroup: "workers", maxqueuesize: 1000000, blocktimeout: 5s, claimminidle: 30s,
  recoveryinterval: 10s, retrymaxattempts: 3, retryinitialbackoff: 1s, retrymaxbackoff: 5m, retrybackofffactor: 2.0}
metrics: {enabled: true, path: "/metrics"}
auth: {enabled: false, jwtsecret: "", apikeys: []}
loglevel: "info"
`;
    expect(load(own).service).toMatchObject({ port: 8080, shutdownTimeoutSec: 30 });
  });

  it.each([
    ['max_retrys: 9', 'has max_retrys, which is no setting'],
    ['queue:\n  maxqueuesise: 9', 'has queue.maxqueuesise, which is no setting'],
    ['port: [', 'cannot be read'],
    ['- a', 'must have settings by name'],
    ['port: x', 'PORT must be a whole number from 0 to 65535 (got "x")'],
    ['task_types: {echo: {url: "https://a.example/"}}', 'TASK_TYPES: the type "echo" is built in'],
    [
      'task_types: {a: {url: "http://127.0.0.1/"}}',
      'TASK_TYPES a/url must not point to 127.0.0.1 (loopback address)',
    ],
    ['task_types: {a: {}}', 'TASK_TYPES a/url is required'],
  ])('%s stops the start', (text, fault) => {
    try {
      load(text);
      expect.unreachable();
    } catch (error) {
      expect((error as ConfigError).faults.join('\n')).toContain(fault);
    }
  });

  it('need not be there, unless it is named', () => {
    expect(readConfigFile('', isSetting)).toEqual({ variables: {}, faults: [] });
    expect(readConfigFile(join(folder, 'none.yaml'), isSetting).faults).toHaveLength(1);
  });
});
