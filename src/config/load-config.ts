import { validateSync } from 'class-validator';
import { weaknessOf } from './admin-key.js';
import { parseDuration } from '../time/duration.js';
import { Config } from './config.js';
import type { ConfigFile } from './config-file.js';
import { describeFault } from './describe-fault.js';
import { readTypeMappings } from './task-type-settings.js';
import { type Setting, settingsOf } from './setting.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The start was refused; `faults` has one line for every wrong setting. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`Wrong configuration:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const NO_FILE: ConfigFile = { variables: {}, faults: [] };

/** Whether a setting has this name, or has it besides its own. */
export function isSetting(name: string): boolean {
  const groups = Object.values(new Config()) as object[];
  const settings = groups.flatMap((group) => settingsOf(group.constructor));
  return settings.some((setting) => setting.name === name || setting.aliases.includes(name));
}

/**
 * Reads the configuration from environment variables, then from a file; an empty variable counts as not set.
 *
 * @throws ConfigError that lists every fault at once. Secrets are never repeated in it.
 */
export function loadConfig(environment: Environment, file = NO_FILE): Config {
  const config = new Config();
  const groups = Object.values(config) as object[];
  const sources = [withAuth(environment), withAuth(besides(environment, file.variables))];
  const faults = [...file.faults, ...groups.flatMap((group) => loadGroup(group, sources))];
  faults.push(...contradictions(config));
  // What a type may be mapped to is judged by other settings.
  if (faults.length === 0) faults.push(...readTypeMappings(config).faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function loadGroup(group: object, sources: readonly Environment[]): string[] {
  const settings = settingsOf(group.constructor);
  for (const setting of settings) {
    const text = textOf(setting, sources);
    if (text !== undefined) assign(group as Record<string, unknown>, setting, text);
  }
  const byProperty = new Map(settings.map((setting) => [setting.property, setting]));
  return validateSync(group).map((error) => {
    const setting = byProperty.get(error.property);
    return setting ? describeFault(error, setting, textOf(setting, sources)) : String(error);
  });
}

/** Any name in the environment comes before every name in the file. */
function textOf({ name, aliases }: Setting, sources: readonly Environment[]): string | undefined {
  const texts = sources.flatMap((source) => [name, ...aliases].map((key) => source[key]?.trim()));
  return texts.find((text) => text !== undefined && text !== '');
}

/** Where Redis is, in the order in which it counts: what the environment says of it stands for all of it. */
const PLACES = ['REDIS_SENTINEL_ADDR', 'REDIS_URL', 'REDIS_ADDRESS', 'REDIS_ADDR', 'TASKQUEUE_REDIS_ADDR'];
const REDIS_PLACES = [...PLACES, 'REDIS_HOST', 'REDIS_PORT'];

function besides(environment: Environment, variables: Environment): Environment {
  if (!REDIS_PLACES.some((name) => environment[name])) return variables;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !REDIS_PLACES.includes(name)));
}

/** Task Queue Go has a switch where this product has two words. */
function withAuth(variables: Environment): Environment {
  if (variables['TASKQUEUE_AUTH_ENABLED'] !== 'true' || variables['AUTH_MODE']) return variables;
  return { ...variables, AUTH_MODE: 'key' };
}

function assign(group: Record<string, unknown>, { property, name }: Setting, text: string): void {
  const seconds = name.endsWith('_SEC') ? parseDuration(text) : undefined;
  group[property] = seconds === undefined ? parseAs(group[property], text) : seconds / 1000;
}

/** Text read as the type of the default; what cannot be read stays text, so that validation names it. */
function parseAs(fallback: unknown, text: string): unknown {
  if (typeof fallback === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (typeof fallback === 'boolean') return { true: true, '1': true, false: false, '0': false }[text] ?? text;
  if (Array.isArray(fallback)) return text.split(',').map((item) => item.trim());
  return text;
}

function contradictions(config: Config): string[] {
  const { admin, service } = config;
  const weakness = admin.apiKey === '' ? undefined : weaknessOf(admin.apiKey);
  const isWeak = weakness !== undefined && service.nodeEnv === 'production';
  return [
    ...(isWeak ? [`ADMIN_API_KEY ${weakness}; in production take one of: openssl rand -hex 32`] : []),
    ...misfits(config)
      .filter(([isSo]) => isSo)
      .map(([, words]) => words),
  ];
}

/** Settings of which each is allowed, but not both. */
function misfits({
  autoscale,
  circuitBreaker,
  delivery,
  ingress,
  service,
  workers,
}: Config): [isSo: boolean, words: string][] {
  return [
    [
      ingress.maxBatchBytes < service.maxRequestBytes,
      'MAX_BATCH_BYTES must not be less than MAX_REQUEST_BYTES',
    ],
    [
      ingress.maxBodiesBytes < ingress.maxBatchBytes,
      'MAX_BODIES_BYTES must not be less than MAX_BATCH_BYTES',
    ],
    [
      delivery.timeoutSec > delivery.maxTimeoutSec,
      'TASK_TIMEOUT_SEC must not be greater than MAX_TASK_TIMEOUT_SEC',
    ],
    [
      delivery.retryMinBackoffSec > delivery.retryMaxBackoffSec,
      'RETRY_MIN_BACKOFF_SEC must not be greater than RETRY_MAX_BACKOFF_SEC',
    ],
    [
      circuitBreaker.timeoutMaxSec > 0 && circuitBreaker.timeoutMaxSec < circuitBreaker.timeoutSec,
      'CB_TIMEOUT_MAX_SEC must not be less than CB_TIMEOUT_SEC, or must be 0',
    ],
    [
      autoscale.minWorkers > autoscale.maxWorkers,
      'AUTOSCALE_MIN_WORKERS must not be greater than AUTOSCALE_MAX_WORKERS',
    ],
    [
      workers.timeoutSec < 2 * workers.heartbeatSec,
      'WORKER_TIMEOUT_SEC must be at least twice WORKER_HEARTBEAT_SEC',
    ],
  ];
}
