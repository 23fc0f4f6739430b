import { parseArgs } from 'node:util';

const SCENARIOS = [
  ...['saturation', 'low', 'lanes', 'queue', 'backlog', 'delayed', 'noisy', 'limits', 'durable'],
  'observe',
];

const HELP = `npm run bench -- [options]

  --scenario a,b    which ones, of: ${SCENARIOS.join(', ')} (default: all)
  --rounds n        rounds of each, 1 to 20 (default 3)
  --seconds n       length of each measurement, 1 to 120 (default 8)
  --concurrency n   tasks a worker runs at a time, the same for all (default 64)
  --body n          bytes of a task's body, 16 to 65536 (default 256; backlog: 1024)
  --backlog a,b     sizes of the backlog, and of what is delayed (default 100000,1000000)
  --durable         all on a Redis that has every write on disk before it answers
  --quick           a smoke test of at most a minute; its figures mean little
  --profile dir     writes CPU profiles of the product's processes, and prints where the time went
  --write           replaces the figures of these scenarios in docs/performance.md
  --minutes n       begins nothing new after so many minutes (default 60)`;

const NUMBERS = {
  rounds: [3, 1, 20],
  seconds: [8, 1, 120],
  concurrency: [64, 1, 1000],
  body: [256, 16, 65_536],
  minutes: [60, 1, 600],
};

/**
 * @typedef {object} Options
 * @property {readonly string[]} scenarios
 * @property {number} rounds
 * @property {number} seconds length of one measurement
 * @property {number} warmup seconds of the same load before it
 * @property {number} warmTasks tasks in a burst before that
 * @property {number} concurrency
 * @property {number} body
 * @property {number} minutes
 * @property {readonly number[]} backlog
 * @property {boolean} durable
 * @property {boolean} quick
 * @property {boolean} write
 * @property {string | undefined} profile
 */

/**
 * @param {readonly string[]} args
 * @returns {Options}
 * @throws {Error} whose message is what to print
 */
export function readOptions(args) {
  const { values } = parseArgs({ args: [...args], options: SPEC });
  if (values.help) throw new Error(HELP);
  const numbers = Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, readNumber(name, values)]));
  const { durable = false, quick = false, write = false, profile } = values;
  return {
    ...numbers,
    warmup: Math.min(3, 1 + numbers.seconds / 4),
    warmTasks: 5000,
    scenarios: readScenarios(values.scenario),
    backlog: readSizes(values.backlog ?? '100000,1000000'),
    durable,
    quick,
    write,
    profile,
    ...(quick && QUICK),
  };
}

const QUICK = { rounds: 1, seconds: 1, warmup: 0.7, warmTasks: 200, backlog: [3000] };

const SPEC = {
  ...Object.fromEntries(
    [...Object.keys(NUMBERS), 'scenario', 'backlog', 'profile'].map((name) => [name, { type: 'string' }]),
  ),
  ...Object.fromEntries(['durable', 'quick', 'write', 'help'].map((name) => [name, { type: 'boolean' }])),
};

function readNumber(name, values) {
  const [fallback, min, max] = NUMBERS[name];
  const number = values[name] === undefined ? fallback : Number(values[name]);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}\n\n${HELP}`);
}

function readScenarios(text) {
  const names = text === undefined ? SCENARIOS : text.split(',');
  const unknown = names.find((name) => !SCENARIOS.includes(name));
  if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}"\n\n${HELP}`);
  return names;
}

function readSizes(text) {
  const sizes = text.split(',').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0 && size <= 5_000_000)) return sizes;
  throw new Error(`--backlog must be a comma list of numbers up to 5000000\n\n${HELP}`);
}
