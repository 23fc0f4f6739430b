/** Of one lane. */
export interface LaneFigures {
  readonly lane: string;
  /** In `wait`: due, and let in by every gate. */
  readonly pending: number;
  readonly running: number;
  /** Due, and held by a gate. */
  readonly deferred: number;
  /** Waiting for a time of their own. */
  readonly scheduled: number;
  /** Finished tasks that are kept and are no dead letters. */
  readonly history: number;
  readonly dead: number;
  /** For how long the one has been due that has waited longest of those that could run, seconds. */
  readonly oldestSec: number;
  readonly historyBytes: number;
  /** Since the store was set up. */
  readonly evicted: number;
}

/** What holds tasks: their client, their queue, the host they call, or that host for one client. */
export const GATE_KINDS = ['client', 'queue', 'host', 'client_of_host'] as const;
export type GateKind = (typeof GATE_KINDS)[number];

/** Of a client or a named queue. */
export interface NameFigures {
  readonly name: string;
  readonly alive: number;
  readonly running: number;
  readonly deferred: number;
}

/** Of a host whose circuit is not closed, or that holds tasks otherwise. */
export interface HostFigures {
  readonly name: string;
  readonly state: string;
  readonly deferred: number;
}

/** What is so for the whole fleet, as it was counted at one moment. */
export interface FleetFigures {
  /** Unix milliseconds. */
  readonly at: number;
  readonly lanes: readonly LaneFigures[];
  readonly deferred: Readonly<Record<GateKind, number>>;
  /** Hosts whose circuit is not closed, by state. */
  readonly circuits: Readonly<Record<string, number>>;
  /** Hosts that anything is kept of. */
  readonly rememberedHosts: number;
  /** Worker processes that are there, by state. */
  readonly workers: Readonly<Record<string, number>>;
  readonly busySlots: number;
  readonly freeSlots: number;
  /** Due tasks that could run now if there were slots. */
  readonly runnable: number;
  readonly desiredWorkers: number;
  /** Schedules that should have fired more than a minute ago, and that no worker has seen to. */
  readonly overdueSchedules: number;
  readonly usedBytes: number;
  /** 0 = no limit. */
  readonly maxBytes: number;
  readonly replicas: number;
  readonly replicaSilentSec: number;
  readonly replicaBehindBytes: number;
  /** Those with the most tasks, as many as METRICS_MAX_NAMES says. */
  readonly clients: readonly NameFigures[];
  readonly queues: readonly NameFigures[];
  readonly hosts: readonly HostFigures[];
}
