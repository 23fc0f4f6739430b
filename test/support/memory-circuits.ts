import { afterAttempt, afterStart } from '../../src/circuit-breaker/circuit-rules.js';
import type { CircuitSettings } from '../../src/circuit-breaker/circuit-states.js';
import { type Circuit, letThrough, stateAt } from '../../src/queue/gates/circuit.js';
import type { Refusal } from '../../src/queue/gates/decide.js';
import type { HostVerdict } from '../../src/task/host-verdict.js';
import type { Task } from '../../src/task/task.js';
import { urlOf } from './task-of.js';

/** The defaults of the product. */
const SETTINGS: CircuitSettings = {
  failureThreshold: 5,
  intervalMs: 60_000,
  timeoutMs: 30_000,
  timeoutMaxMs: 0,
  maxRequests: 3,
  rampStep: 10,
};

export const hostOf = (task: Task): string => new URL(urlOf(task)).origin;

/** The circuits of hosts, by the rules of `src/circuit-breaker`. */
export class MemoryCircuits {
  private readonly circuits = new Map<string, Circuit>();
  private readonly holds = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  /** @param probes under way to its host */
  refusal(task: Task, probes: number): Refusal | undefined {
    const circuit = this.circuits.get(hostOf(task));
    const passage = circuit && letThrough(circuit, probes, this.now());
    if (passage?.reason && passage.free <= 0) {
      return { reason: passage.reason, ...(passage.at !== undefined && { at: passage.at }) };
    }
    const heldUntil = this.holds.get(pairOf(task)) ?? 0;
    return heldUntil > this.now() ? { reason: 'client_held', at: heldUntil } : undefined;
  }

  begin(task: Task, probes: number): { readonly probeOf?: number | undefined } {
    const circuit = this.circuits.get(hostOf(task));
    if (!circuit || stateAt(circuit, this.now()) === 'closed' || this.refusal(task, probes)) return {};
    const { circuit: next, probeOf } = afterStart(circuit, { now: this.now(), settings: SETTINGS });
    this.circuits.set(hostOf(task), next);
    return { probeOf };
  }

  judge(
    task: Task,
    { probeOf, ...attempted }: { verdict: HostVerdict; begunAt: number; probeOf?: number | undefined },
  ): void {
    const at = { now: this.now(), settings: SETTINGS };
    const probe = probeOf === undefined ? {} : { probeOf };
    const { clientId: client } = task;
    const ended = { ...attempted, ...probe, client };
    const { circuit, held } = afterAttempt(this.circuits.get(hostOf(task)), ended, at);
    if (held) this.holds.set(pairOf({ ...task, clientId: held.client }), held.until);
    if (circuit) this.circuits.set(hostOf(task), circuit);
    else this.circuits.delete(hostOf(task));
    const { holdClientMs } = attempted.verdict;
    if (holdClientMs !== undefined) this.holds.set(pairOf(task), this.now() + holdClientMs);
  }
}

const pairOf = (task: Task) => `${task.clientId} ${hostOf(task)}`;
