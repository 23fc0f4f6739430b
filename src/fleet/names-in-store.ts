import type { HostFigures, NameFigures } from '../metrics/fleet-figures.js';
import { type Circuit, decodeCircuit, stateAt } from '../queue/gates/circuit.js';
import { ALIVE_KEY, CIRCUITS_KEY, OPEN_CIRCUITS_KEY, RUNNING_KEY } from '../redis/keys.js';
import type { RedisConnections } from '../redis/redis-connections.js';

type Redis = RedisConnections['producer'];

/** What one command looks at. */
const AT_ONCE = 1000;

interface Names {
  readonly clients: readonly NameFigures[];
  readonly queues: readonly NameFigures[];
}

/**
 * The clients and queues with the most tasks.
 *
 * @param parked tasks that are held, by gate
 */
export async function largestNames(
  redis: Redis,
  most: number,
  parked: ReadonlyMap<string, number>,
): Promise<Names> {
  const clients = new Largest(most);
  const queues = new Largest(most);
  let cursor = '0';
  do {
    const [onward, fields] = await redis.hscan(ALIVE_KEY, cursor, 'COUNT', AT_ONCE);
    for (let at = 0; at < fields.length; at += 2) {
      const gate = fields[at] ?? '';
      (gate.startsWith('c:') ? clients : queues).add(gate, Number(fields[at + 1]));
    }
    cursor = onward;
  } while (cursor !== '0');
  const figures = (largest: Largest): Promise<NameFigures[]> => withRunning(redis, largest.sorted(), parked);
  return { clients: await figures(clients), queues: await figures(queues) };
}

/** Those with the most, without keeping all. */
class Largest {
  private kept = new Map<string, number>();

  constructor(private readonly most: number) {}

  add(gate: string, alive: number): void {
    this.kept.set(gate, alive);
    if (this.kept.size > 2 * this.most) this.kept = new Map(this.sorted());
  }

  sorted(): [gate: string, alive: number][] {
    return [...this.kept].toSorted(([a, of], [b, than]) => than - of || (a < b ? -1 : 1)).slice(0, this.most);
  }
}

async function withRunning(
  redis: Redis,
  gates: readonly (readonly [gate: string, alive: number])[],
  parked: ReadonlyMap<string, number>,
): Promise<NameFigures[]> {
  if (gates.length === 0) return [];
  const running = await redis.hmget(RUNNING_KEY, ...gates.map(([gate]) => gate));
  return gates.map(([gate, alive], at) => ({
    name: gate.slice(2),
    alive,
    running: Number(running[at] ?? 0),
    deferred: parked.get(gate) ?? 0,
  }));
}

interface Hosts {
  readonly circuits: Readonly<Record<'open' | 'half_open' | 'ramping', number>>;
  readonly hosts: readonly HostFigures[];
}

/** Hosts whose circuit is not closed, and those that hold the most tasks, `most` of them by name. */
export async function troubledHosts(
  redis: Redis,
  most: number,
  parked: ReadonlyMap<string, number>,
): Promise<Hosts> {
  const circuits = { open: 0, half_open: 0, ramping: 0 };
  const states = new Map<string, string>();
  const held = heldByHost(parked);
  for await (const [host, circuit] of circuitsNotClosed(redis)) {
    const state = stateAt(circuit, Date.now());
    if (state === 'closed') continue;
    circuits[state]++;
    if (states.size < most || held.has(host)) states.set(host, state);
  }
  const names = [...new Set([...states.keys(), ...held.keys()])].toSorted(
    (a, b) => (held.get(b) ?? 0) - (held.get(a) ?? 0),
  );
  const hosts = names
    .slice(0, most)
    .map((name) => ({ name, state: states.get(name) ?? 'closed', deferred: held.get(name) ?? 0 }));
  return { circuits, hosts };
}

/** Under the gate of the host, and under those of the clients that it has asked to wait. */
function heldByHost(parked: ReadonlyMap<string, number>): Map<string, number> {
  const held = new Map<string, number>();
  for (const [gate, tasks] of parked) {
    if (!/^[hk]:/.test(gate)) continue;
    const host = gate.startsWith('h:') ? gate.slice(2) : gate.slice(gate.indexOf(' ') + 1);
    held.set(host, (held.get(host) ?? 0) + tasks);
  }
  return held;
}

async function* circuitsNotClosed(redis: Redis): AsyncGenerator<[host: string, circuit: Circuit]> {
  let from = '-';
  for (;;) {
    const hosts = await redis.zrange(OPEN_CIRCUITS_KEY, from, '+', 'BYLEX', 'LIMIT', 0, AT_ONCE);
    if (hosts.length === 0) return;
    const texts = await redis.hmget(CIRCUITS_KEY, ...hosts);
    for (const [at, host] of hosts.entries()) {
      const text = texts[at];
      if (text) yield [host, decodeCircuit(text)];
    }
    from = `(${hosts.at(-1) ?? ''}`;
  }
}
