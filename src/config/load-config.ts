import { validateSync } from 'class-validator';
import { Config } from './config.js';
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
  const given = new Map<string, string>();
  for (const setting of settingsOf(Config)) {
    const text = firstSet(environment, [setting.name, ...setting.aliases]);
    if (text === undefined) continue;
    given.set(setting.property, setting.secret ? 'a secret' : JSON.stringify(text));
    assign(config, setting, text);
  }
  const faults = [...invalidSettings(config, given), ...contradictions(config)];
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function firstSet(environment: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => environment[name]?.trim()).find((value) => value !== undefined && value !== '');
}

function assign(config: Config, { property }: Setting, text: string): void {
  const target = config as unknown as Record<string, unknown>;
  target[property] = parseAs(target[property], text);
}

/** Text read as the type of the default; what cannot be read stays text, so that validation names it. */
function parseAs(fallback: unknown, text: string): unknown {
  if (typeof fallback === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (typeof fallback === 'boolean') return { true: true, '1': true, false: false, '0': false }[text] ?? text;
  if (Array.isArray(fallback)) return text.split(',').map((item) => item.trim());
  return text;
}

function invalidSettings(config: Config, given: ReadonlyMap<string, string>): string[] {
  const settings = new Map(settingsOf(Config).map((setting) => [setting.property, setting]));
  return validateSync(config, { skipMissingProperties: false }).map((error) => {
    const name = settings.get(error.property)?.name ?? error.property;
    const rules = Object.values(error.constraints ?? {}).toReversed();
    const text = rules.map((rule) => rule.replaceAll(error.property, name)).join(', ');
    return `${text} (got ${given.get(error.property) ?? 'its default'})`;
  });
}

function contradictions(config: Config): string[] {
  const faults: string[] = [];
  if (config.taskTimeoutSec > config.maxTaskTimeoutSec) {
    faults.push('TASK_TIMEOUT_SEC must not be greater than MAX_TASK_TIMEOUT_SEC');
  }
  if (config.retryMinBackoffSec > config.retryMaxBackoffSec) {
    faults.push('RETRY_MIN_BACKOFF_SEC must not be greater than RETRY_MAX_BACKOFF_SEC');
  }
  return faults;
}
