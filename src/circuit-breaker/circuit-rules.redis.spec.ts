import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type CircuitEvent,
  CircuitStory,
  type EventResult,
  settingsArbitrary,
  type Wish,
  wishes,
} from '../../test/support/circuit-story.js';
import { redisUrl } from '../../test/support/test-app.js';
import { type Circuit, decodeCircuit, encodeCircuit } from '../queue/gates/circuit.js';
import { type HostChange, parseChanges } from '../queue/gates/host-changes.js';
import { scripts } from '../queue/scripts.js';
import type { HostVerdict } from '../task/host-verdict.js';
import type { Attempted } from './circuit-rules.js';
import type { CircuitSettings } from './circuit-states.js';

const include = (name: string): string =>
  readFileSync(new URL(`../queue/lua/include/${name}.lua`, import.meta.url), 'utf8');

/** What a turn of a dispatcher does with one attempt that has ended, and with one that begins. */
const SCRIPT = `
${include('context')}
local now = clock(ARGV[1])
${include('circuits')}
${include('gates')}
local breaker = ARGV[3]
${include('judge')}
local host, probeOf, client, till = ARGV[2], nil, nil, nil
loadCircuits({ host })
if ARGV[4] == 'start' then
  probeOf = circuitRules().begin(host, circuits[host], hostJudge().rules().timeout)
else
  client, till = hostJudge().judge(host, {
    client = ARGV[10], kind = ARGV[4], hold = tonumber(ARGV[5]), holdClient = tonumber(ARGV[6]), probeOf = tonumber(ARGV[7]),
    note = ARGV[8], begun = tonumber(ARGV[9]), mayHold = function() return ARGV[11] == '' end,
  })
end
flushGates()
return { 0, changes, probeOf and ms(probeOf) or '', client and client .. ' ' .. ms(till) or '' }
`;
const PREFIX = '{tr}:';
const HOST = 'http://target.example:8080';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(redisUrl());
});
afterAll(async () => {
  await redis.quit();
});

const settings: CircuitSettings = {
  ...{ failureThreshold: 5, intervalMs: 60_000, timeoutMs: 30_000 },
  ...{ timeoutMaxMs: 0, maxRequests: 3, rampStep: 10 },
};
const begins = (client: string): Wish => ({ kind: 'begin', client });
const ends = (verdict: HostVerdict): Wish => ({ kind: 'end', nth: 0, verdict });
const FAILED: HostVerdict = { kind: 'failure', note: '500' };
/** Its failures have opened it; two probes are out, of the client and of another one. */
const PROBED: readonly Wish[] = [
  ...Array.from({ length: 5 }, () => begins('client-a')),
  ...Array.from({ length: 5 }, () => ends(FAILED)),
  { kind: 'wait', ms: 30_000 },
  ...[begins('client-a'), begins('client-b')],
];
/** What random stories seldom come to: the other one succeeds when the first has opened it again. */
const AFTER_ALL: Wish[] = [...PROBED, ends(FAILED), ends({ kind: 'success' })];
const asksFor = (ms: number) => ends({ ...FAILED, holdHostMs: ms });
const ASKED_FOR: Wish[] = [...PROBED, asksFor(3_600_000), ends({ kind: 'success' })];
const ASKED_FOR_LESS: Wish[] = [...PROBED, asksFor(5000), ends({ kind: 'success' })];
/** In one turn: another one succeeds, the first is asked to wait, and one more of its own succeeds. */
const IN_ONE_TURN: Wish[] = [
  ...PROBED,
  begins('client-a'),
  { ...ends({ kind: 'success' }), nth: 1 } as Wish,
  ...[asksFor(5000), ends({ kind: 'success' })],
];

it('Lua and TypeScript make the same of everything that happens to a host', async () => {
  await fc.assert(
    fc.asyncProperty(settingsArbitrary, wishes, async (settings, story) => {
      await redis.flushdb();
      const played = new CircuitStory(settings, async (event, before, expected) => {
        const { circuit, changes, probeOf, held } = await inRedis(event, before, settings);
        expect(circuit).toEqual(expected.circuit);
        expect(changes).toEqual(changesOf(expected));
        expect(probeOf).toBe(expected.probeOf);
        expect(held).toBe(expected.held ? `${expected.held.client} ${expected.held.until}` : '');
        await compareIndexes(expected.circuit);
        if (event.kind === 'silence' && event.load.parked > 0 && before)
          expect(await redis.zscore(`${PREFIX}wakes`, `h:${HOST}`)).not.toBeNull();
      });
      await played.play(story);
    }),
    {
      numRuns: 300,
      examples: [
        [settings, AFTER_ALL],
        [settings, ASKED_FOR],
        [settings, ASKED_FOR_LESS],
        [settings, IN_ONE_TURN],
      ],
    },
  );
});

type Reply = [more: unknown, changes: string[], probeOf?: string, held?: string];

async function inRedis(event: CircuitEvent, before: Circuit | undefined, settings: CircuitSettings) {
  const stored = await redis.hget(`${PREFIX}circuits`, HOST);
  expect(stored).toBe(before ? encodeCircuit(before) : null);
  const [, changes, probeOf = '', held = ''] = await send(event, settings, stored ?? '');
  const text = await redis.hget(`${PREFIX}circuits`, HOST);
  return {
    circuit: text === null ? undefined : decodeCircuit(text),
    changes: parseChanges(changes),
    probeOf: probeOf === '' ? undefined : Number(probeOf),
    held,
  };
}

async function send(event: CircuitEvent, settings: CircuitSettings, stored: string): Promise<Reply> {
  const { now } = event;
  const breaker = textOf(settings);
  if (event.kind === 'silence') {
    await prepare(event.load);
    const reply = (await scripts.sweepCircuits.run(redis, PREFIX, [now, breaker, 10])) as Reply;
    return [reply[0], reply[1]];
  }
  if (event.kind === 'attempt' || event.kind === 'start') {
    const args = event.kind === 'start' ? ['start'] : verdictArgs(event.attempted);
    return (await redis.eval(SCRIPT, 1, PREFIX, now, HOST, breaker, ...args)) as Reply;
  }
  const [until, by, note] = event.kind === 'open' ? [event.until, event.by, event.note] : ['', '', ''];
  const order = [event.kind, until === Infinity ? '' : until, by, note];
  const reply = (await scripts.setCircuit.run(redis, PREFIX, [
    now,
    HOST,
    ...order,
    breaker,
    3_600_000,
    '',
    0,
    stored,
  ])) as Reply;
  return [reply[0], reply[1]];
}

const LETTERS = { success: 's', failure: 'f', neutral: 'n' } as const;

function verdictArgs({ verdict, client, probeOf, begunAt, isFull = false }: Attempted): (string | number)[] {
  const { kind, holdHostMs, holdClientMs, note } = verdict;
  const full = isFull ? 'full' : '';
  return [
    LETTERS[kind],
    holdHostMs ?? '',
    holdClientMs ?? '',
    probeOf ?? '',
    note ?? '',
    begunAt,
    client,
    full,
  ];
}

function textOf(settings: CircuitSettings): string {
  const { failureThreshold, intervalMs, timeoutMs, timeoutMaxMs, maxRequests, rampStep } = settings;
  return [failureThreshold, intervalMs, timeoutMs, timeoutMaxMs, maxRequests, rampStep].join(';');
}

/** As many tasks wait for the host, and probes are under way, as the event says; and it is time to look. */
async function prepare({ parked, probes }: { parked: number; probes: number }): Promise<void> {
  const batch = redis
    .multi()
    .del(`${PREFIX}park:h:${HOST}`, `${PREFIX}wakes`)
    .hset(`${PREFIX}running`, `p:${HOST}`, String(probes));
  for (let n = 0; n < parked; n++) batch.zadd(`${PREFIX}park:h:${HOST}`, n, `default:task-${n}`);
  await batch.zadd(`${PREFIX}circuits:look`, 0, HOST).exec();
}

function changesOf({ circuit, change }: EventResult): HostChange[] {
  if (change === undefined) return [];
  const { until = Infinity, note = '' } = circuit ?? {};
  return [{ host: HOST, to: change, ...(change === 'open' && until < Infinity && { until }), note }];
}

/** Those that are not closed are listed; what is kept will be looked at again. */
async function compareIndexes(circuit: Circuit | undefined): Promise<void> {
  const isOpen = circuit !== undefined && circuit.state !== 'closed';
  expect(await redis.zrange(`${PREFIX}circuits:open`, '0', '-1')).toEqual(isOpen ? [HOST] : []);
  if (circuit) expect(await redis.zscore(`${PREFIX}circuits:look`, HOST)).not.toBeNull();
}
