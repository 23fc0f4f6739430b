import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Settings by the names that they have in the environment. */
type Variables = Readonly<Record<string, string>>;

export interface ConfigFile {
  readonly variables: Variables;
  /** What is wrong with the file as a whole. */
  readonly faults: readonly string[];
}

const NOTHING: ConfigFile = { variables: {}, faults: [] };
/** Read when it is there and CONFIG_FILE names no other. */
const USUAL = 'config.yaml';
/** What keys in sections begin with as variables. */
const PREFIX = 'TASKQUEUE_';

/**
 * A configuration file as variables: `max_retry: 5` is `MAX_RETRY`, and a key in a section is what Task Queue Go calls it,
 * so that `queue: {maxqueuesize: 9}` is `TASKQUEUE_QUEUE_MAXQUEUESIZE`. What else stands below a key of the first level
 * (`task_types`) is its value as JSON.
 *
 * @param named CONFIG_FILE; '' = `config.yaml` of the working directory, if there is one
 * @param known whether a setting has this name
 */
export function readConfigFile(named: string, known: (name: string) => boolean): ConfigFile {
  const path = named === '' ? USUAL : named;
  if (named === '' && !existsSync(path)) return NOTHING;
  try {
    return variablesIn(parse(readFileSync(path, 'utf8')), known, path);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return { variables: {}, faults: [`CONFIG_FILE ${path} cannot be read: ${reason ?? ''}`] };
  }
}

function variablesIn(content: unknown, known: (name: string) => boolean, path: string): ConfigFile {
  if (content === null || content === undefined) return NOTHING;
  if (!isSection(content))
    return { variables: {}, faults: [`CONFIG_FILE ${path} must have settings by name`] };
  const entries = Object.entries(content).flatMap(([key, value]) => entriesOf(key, value, known));
  const strange = entries.map(([name]) => name).filter((name) => !known(name) && !WITHOUT_EFFECT.has(name));
  return {
    variables: Object.fromEntries(entries.map(([name, value]) => [name, textOf(value)])),
    faults: strange.map((name) => `CONFIG_FILE ${path} has ${keyOf(name)}, which is no setting`),
  };
}

function entriesOf(key: string, value: unknown, known: (name: string) => boolean): [string, unknown][] {
  const name = key.toUpperCase();
  if (known(name)) return [[name, value]];
  if (!isSection(value)) return [[known(PREFIX + name) ? PREFIX + name : name, value]];
  return Object.entries(value).map(([inner, each]) => [`${PREFIX}${name}_${inner.toUpperCase()}`, each]);
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return Array.isArray(value) ? value.map(textOf).join(',') : JSON.stringify(value);
}

function keyOf(name: string): string {
  return name.startsWith(PREFIX)
    ? name.slice(PREFIX.length).replace('_', '.').toLowerCase()
    : name.toLowerCase();
}

/**
 * What a configuration of Task Queue Go says that means nothing here: how its own connections, streams and metrics are
 * made, and keys of its own that it never asks for. Taken, so that its file works as it is.
 */
const WITHOUT_EFFECT = new Set(
  [
    ...['SERVER_ADMINPORT', 'SERVER_READTIMEOUT', 'SERVER_WRITETIMEOUT', 'SERVER_IDLETIMEOUT'],
    ...['REDIS_POOLSIZE', 'REDIS_MINIDLECONNS', 'REDIS_MAXRETRIES', 'REDIS_DIALTIMEOUT', 'REDIS_READTIMEOUT'],
    ...['REDIS_WRITETIMEOUT', 'QUEUE_STREAMPREFIX', 'QUEUE_CONSUMERGROUP', 'QUEUE_BLOCKTIMEOUT'],
    ...['QUEUE_RECOVERYINTERVAL', 'QUEUE_RETRYBACKOFFFACTOR', 'METRICS_ENABLED', 'METRICS_PATH'],
    ...['AUTH_ENABLED', 'AUTH_JWTSECRET', 'AUTH_APIKEYS'],
  ].map((name) => PREFIX + name),
);
