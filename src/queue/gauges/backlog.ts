import { Injectable } from '@nestjs/common';
import { GATE_KINDS, type GateKind, type LaneFigures } from '../../metrics/fleet-figures.js';
import { HISTORY_KEY, PREFIX } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { type Lane, LANES } from '../../task/lane.js';
import { hiddenDead } from '../purges/hidden-dead.js';
import { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';

/** One call holds Redis for two milliseconds at most. */
const GATES_AT_ONCE = 200;

/** What waits, and what holds it. */
export interface BacklogFigures {
  readonly lanes: readonly LaneFigures[];
  readonly deferred: Readonly<Record<GateKind, number>>;
  /** Due tasks that could start if there were slots for them; a rate lets through what it does in the time asked for. */
  readonly runnable: number;
  /** Gates with tasks parked under them: `c:<client>`, `q:<queue>`, `h:<host>`, `k:<client> <host>`. */
  readonly parked: ReadonlyMap<string, number>;
}

/** Tasks parked under a gate, by lane, and how many of them it lets start; Infinity = all. */
interface Parked {
  readonly gate: string;
  readonly byLane: readonly number[];
  readonly free: number;
}

const KIND_OF: Readonly<Record<string, GateKind>> = {
  c: 'client',
  q: 'queue',
  h: 'host',
  k: 'client_of_host',
};

/** Counts what waits in the lanes and under the gates. */
@Injectable()
export class Backlog {
  constructor(
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {}

  /** @param overMs over how long a rate is counted */
  async count(overMs: number): Promise<BacklogFigures> {
    const lanes = await this.surveyLanes();
    const parked = await this.countParked(overMs);
    const history = await this.connections.producer.hgetall(HISTORY_KEY);
    const hidden = await hiddenDead(this.connections.producer);
    return {
      lanes: LANES.map((lane, at) => laneFigures(lane, lanes[at] ?? [], { history, hidden, parked, at })),
      deferred: deferredBy(parked),
      runnable: sum(lanes.map(runnableIn)) + sum(parked.map(couldStart)),
      parked: new Map(parked.map((each) => [each.gate, sum(each.byLane)])),
    };
  }

  private async surveyLanes(): Promise<number[][]> {
    const values = await scripts.surveyLanes.run(this.connections.producer, PREFIX, [
      this.clock.scriptTime(),
    ]);
    return inGroups(values as number[], LANE_VALUES);
  }

  private async countParked(overMs: number): Promise<Parked[]> {
    const all: Parked[] = [];
    let after = '';
    do {
      const args = [this.clock.scriptTime(), after, GATES_AT_ONCE, overMs];
      const reply = await scripts.countParked.run(this.connections.producer, PREFIX, args);
      const [onward, values] = reply as [string, (string | number)[]];
      all.push(...inGroups(values, PARKED_VALUES).map(parkedOf));
      after = onward;
    } while (after !== '');
    return all;
  }
}

/** What survey-lanes.lua says of a lane. */
type SurveyedLane = [
  waiting: number,
  running: number,
  delayed: number,
  late: number,
  completed: number,
  dead: number,
  oldestMs: number,
];
const LANE_VALUES = 7;
const PARKED_VALUES = 6;

function parkedOf([gate, ...numbers]: readonly (string | number)[]): Parked {
  const counts = numbers.map(Number);
  const free = counts.at(-1) ?? 0;
  return { gate: String(gate), byLane: counts.slice(0, -1), free: free < 0 ? Infinity : free };
}

const couldStart = ({ byLane, free }: Parked): number => Math.min(free, sum(byLane));

/** Those whose time has come while no worker looked are due, too. */
const runnableIn = ([waiting = 0, , , late = 0]: readonly number[]): number => waiting + late;

interface Rest {
  readonly history: Readonly<Record<string, string>>;
  /** Dead letters that were cleared, and are kept only to undo that. */
  readonly hidden: ReadonlyMap<Lane, number>;
  readonly parked: readonly Parked[];
  /** Which lane it is. */
  readonly at: number;
}

function laneFigures(lane: Lane, values: readonly number[], rest: Rest): LaneFigures {
  const { history, hidden, parked, at } = rest;
  const [waiting, running, delayed, late, completed, dead, oldestMs] = values as SurveyedLane;
  const deferred = sum(parked.map(({ byLane }) => byLane[at] ?? 0));
  return {
    lane,
    pending: waiting + late,
    running,
    deferred,
    scheduled: Math.max(0, delayed - late - deferred),
    history: completed,
    dead: Math.max(0, dead - (hidden.get(lane) ?? 0)),
    oldestSec: oldestMs / 1000,
    historyBytes: Number(history[lane] ?? 0),
    evicted: Number(history[`evicted:${lane}`] ?? 0),
  };
}

function deferredBy(parked: readonly Parked[]): Record<GateKind, number> {
  const counts = Object.fromEntries(GATE_KINDS.map((kind) => [kind, 0])) as Record<GateKind, number>;
  for (const { gate, byLane } of parked) {
    const kind = KIND_OF[gate.slice(0, 1)];
    if (kind) counts[kind] += sum(byLane);
  }
  return counts;
}

function inGroups<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, nth) =>
    values.slice(nth * size, (nth + 1) * size),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
