import { validateSync } from 'class-validator';
import { weaknessOf } from './admin-key.js';
import { Config } from './config.js';
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

/**
 * Reads the configuration from environment variables; an empty variable counts as not set.
 *
 * @throws ConfigError that lists every fault at once. Secrets are never repeated in it.
 */
export function loadConfig(environment: Environment): Config {
  const config = new Config();
  const groups = Object.values(config) as object[];
  const faults = groups.flatMap((group) => loadGroup(group, environment));
  faults.push(...contradictions(config));
  // What a type may be mapped to is judged by other settings.
  if (faults.length === 0) faults.push(...readTypeMappings(config).faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function loadGroup(group: object, environment: Environment): string[] {
  const settings = settingsOf(group.constructor);
  for (const setting of settings) {
    const text = textOf(setting, environment);
    if (text !== undefined) assign(group as Record<string, unknown>, setting, text);
  }
  const byProperty = new Map(settings.map((setting) => [setting.property, setting]));
  return validateSync(group).map((error) => {
    const setting = byProperty.get(error.property);
    return setting ? describeFault(error, setting, textOf(setting, environment)) : String(error);
  });
}

function textOf({ name, aliases }: Setting, environment: Environment): string | undefined {
  const texts = [name, ...aliases].map((key) => environment[key]?.trim());
  return texts.find((text) => text !== undefined && text !== '');
}

function assign(group: Record<string, unknown>, { property }: Setting, text: string): void {
  group[property] = parseAs(group[property], text);
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
