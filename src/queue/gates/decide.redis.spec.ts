import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { redisUrl } from '../../../test/support/test-app.js';
import { type Circuit, encodeCircuit } from './circuit.js';
import { type GateReading, room, startRefusal } from './decide.js';
import { decodeLimits, encodeLimits, type GateLimits } from './gate.js';

const include = (name: string): string =>
  readFileSync(new URL(`../lua/include/${name}.lua`, import.meta.url), 'utf8');
const number = (value: string): string => `${value} and string.format('%.17g', ${value}) or ''`;

/** Asks the rules that the dispatcher goes by about three gates. */
const SCRIPT = `
${include('context')}
local now = clock(ARGV[1])
${include('circuits')}
${include('gates')}
${include('rooms')}
local ids = { 'q:a', 'c:b', 'h:c' }
loadGates(ids)
local answers = {}
local _, heldUntil = ofHosts().heldBack(ids)
for _, id in ipairs(ids) do
  local free, at = room(id, 'default')
  answers[#answers + 1] = ${number('free')}
  answers[#answers + 1] = free <= 0 and ${number('at')} or ''
end
local gate, at = takeSlots(ids, 30000)
return { answers, gate or '', gate and ${number('at')} or '', heldUntil and ms(heldUntil) or '' }
`;
const IDS = ['q:a', 'c:b', 'h:c'];
const HOLD = 'k:b c';
const NOW = 1_700_000_000_000;

let redis: Redis;
beforeAll(() => {
  redis = new Redis(redisUrl());
});
beforeEach(async () => {
  await redis.flushdb();
});
afterAll(async () => {
  await redis.quit();
});

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const near = fc.integer({ min: NOW - 5000, max: NOW + 5000 });
const limits = fc.record(
  {
    isShut: fc.boolean(),
    shutUntil: fc.oneof(near, fc.constant(NOW)),
    maxRunning: fc.nat({ max: 5 }),
    perSecond: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(0.1, 0.5, 2.5, 1000)),
    burst: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: [] },
);
const gate = fc.record({
  limits: maybe(limits),
  running: fc.nat({ max: 6 }),
  tat: fc.oneof(near, fc.constant(0), fc.constant(NOW)),
  window: fc.oneof(fc.nat({ max: 6 }), fc.constantFrom(999, 1000, 1001)),
});
const anyCircuit: fc.Arbitrary<Circuit> = fc.record({
  state: fc.constantFrom('closed', 'open', 'open', 'half_open', 'half_open', 'ramping', 'ramping'),
  since: fc.oneof(near, fc.integer({ min: NOW - 12_000, max: NOW })),
  openedAt: near,
  until: fc.oneof(near, fc.constantFrom(NOW, 0, Infinity)),
  timeoutMs: fc.constant(30_000),
  failures: fc.nat({ max: 5 }),
  maxRequests: fc.integer({ min: 1, max: 4 }),
  sent: fc.nat({ max: 12 }),
  successes: fc.nat({ max: 3 }),
  rampStep: fc.constantFrom(1, 10, 600, 1000),
  second: fc.nat({ max: 12 }),
  heldUntil: fc.oneof(near, fc.constantFrom(0, NOW)),
  wellAt: fc.oneof(near, fc.constant(0)),
  openedBy: fc.constantFrom('', '-', '3f0c9f1d7a52'),
  failedBy: fc.constantFrom('', '*', 'client-a'),
  wellBy: fc.constantFrom('', 'client-b'),
  note: fc.constantFrom('', '503', 'planned; see #7'),
});
/** Windows end. */
const circuit = anyCircuit.map((any) =>
  any.state === 'half_open' && any.until === Infinity ? { ...any, until: NOW + 1 } : any,
);
/** What there is against the host. */
const host = fc.record({
  circuit: maybe(circuit),
  probes: fc.nat({ max: 4 }),
  heldUntil: maybe(near),
});
/** Tasks that all dispatchers can run at once, and tasks that wait beside those that were let in for the client. */
const fleet = fc.record({ slots: maybe(fc.integer({ min: 1, max: 12 })), others: fc.nat({ max: 1 }) });

it('Lua and TypeScript decide alike, whatever the limits and the counters', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(gate, { minLength: 3, maxLength: 3 }),
      fleet,
      host,
      async (given, fleet, host) => {
        const gates = given.map((each, at) => readingOf(each, fleet, at));
        gates[2] = { ...gates[2]!, ...ofHost(host) };
        await store(gates, fleet, host.heldUntil);
        const [answers, gateAt, at, heldUntil] = (await redis.eval(SCRIPT, 1, '{tr}:', NOW)) as Answer;
        expect(heldUntil).toBe(String(holdOf(gates[2]) ?? ''));
        const rooms = gates.map((each, nth) => room(nth === 2 ? { ...each, heldUntil: 0 } : each, NOW));
        expect(rooms.flatMap(({ free, refusal }) => [String(free), String(refusal?.at ?? '')])).toEqual(
          answers.map((answer) => (answer === '' ? '' : String(Number(answer)))),
        );
        const held = { free: 0, refusal: { reason: 'client_held', at: Number(heldUntil) } };
        const isHeld = heldUntil !== '' && !rooms[2]!.refusal;
        expect(room(gates[2], NOW)).toEqual(isHeld ? held : rooms[2]);
        for (const { free, refusal } of rooms) expect(free <= 0).toBe(refusal !== undefined);
        expect([gateAt, at === '' ? '' : String(Number(at))]).toEqual(firstRefusal(gates));
      },
    ),
    { numRuns: 500 },
  );
});

/** The gate that refuses, and until when; what is asked of a client is a gate of its own in the scripts. */
function firstRefusal(gates: readonly GateReading[]): [gate: string, at: string] {
  const refusals = gates.map((each) => startRefusal(each, NOW));
  const first = refusals.findIndex((refusal) => refusal !== undefined);
  const refusal = refusals[first];
  return [
    refusal?.reason === 'client_held' ? HOLD : (IDS[first] ?? ''),
    refusal?.at === undefined ? '' : String(refusal.at),
  ];
}

interface Fleet {
  readonly slots: number | undefined;
  readonly others: number;
}

function readingOf(given: Omit<GateReading, 'isClient'>, { slots, others }: Fleet, at: number): GateReading {
  const isClient = IDS[at] === 'c:b';
  const hasShare = isClient && slots !== undefined && others > 0;
  return {
    ...given,
    limits: asStored(given.limits),
    isClient,
    ...(hasShare && { share: Math.max(1, Math.floor(0.8 * slots)) }),
  };
}

type Answer = [answers: string[], gate: string, at: string, heldUntil: string];
type OfHost = typeof host extends fc.Arbitrary<infer T> ? T : never;

/** What is asked of a host is looked up only while its circuit says that there is something. */
function ofHost({ circuit: stored, probes, heldUntil }: OfHost): Partial<GateReading> {
  const isLookedUp = heldUntil !== undefined && (stored?.heldUntil ?? 0) > NOW;
  return { ...(stored && { circuit: stored }), probes, ...(isLookedUp && { heldUntil }) };
}

function holdOf({ heldUntil = 0 }: Partial<GateReading> = {}): number | undefined {
  return heldUntil > NOW ? heldUntil : undefined;
}

/** As a gate comes back from the store: nothing when there is no limit. */
function asStored(given: GateLimits | undefined): GateLimits | undefined {
  return decodeLimits(encodeLimits(given ?? {}));
}

async function store(
  gates: readonly GateReading[],
  { slots, others }: Fleet,
  heldUntil: number | undefined,
): Promise<void> {
  const batch = redis.multi().flushdb();
  gates.forEach(({ limits: each, running, tat, window }, at) => {
    const id = IDS[at]!;
    if (each) batch.hset('{tr}:gates', id, encodeLimits(each));
    batch.hset('{tr}:running', id, running).hset('{tr}:tat', id, tat);
    batch.hset('{tr}:window', `${id}/default`, window);
  });
  const waiting = gates[IDS.indexOf('c:b')]!.window + others;
  if (waiting > 0)
    batch.rpush('{tr}:default:wait', ...Array.from({ length: waiting }, (_, at) => `task-${at}`));
  const { circuit: stored, probes = 0 } = gates[2]!;
  if (stored) batch.hset('{tr}:circuits', 'c', encodeCircuit(stored));
  batch.hset('{tr}:running', 'p:c', probes);
  if (heldUntil !== undefined) batch.hset('{tr}:holds', HOLD, heldUntil);
  if (slots !== undefined) batch.set('{tr}:slots', slots);
  await batch.exec();
}
