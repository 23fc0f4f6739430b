import type { GateVerdict, TaskExplanation } from '../queue/explanation.js';
import type { Refusal } from '../queue/gates/decide.js';
import type { TaskState } from '../task/task-state.js';
import { formatTime } from '../time/rfc3339.js';
import type { ExplanationView, GateReason, GateView, PositionView } from './explain.dto.js';

export function explanationView(id: string, explanation: TaskExplanation): ExplanationView {
  const { state, gates, slots, eta } = explanation;
  const position = positionView(explanation);
  return {
    task_id: id,
    state,
    summary: SUMMARIES[state](explanation),
    gates: gates.map(gateView),
    ...(position && { position }),
    ...(state === 'pending' && { worker_slots: slots }),
    ...(eta !== undefined && { eta: formatTime(eta) }),
  };
}

function positionView({ waitingAheadInLane, parkedAhead }: TaskExplanation): PositionView | undefined {
  if (waitingAheadInLane !== undefined) return { waiting_ahead_in_lane: waitingAheadInLane };
  return parkedAhead === undefined ? undefined : { parked_ahead: parkedAhead };
}

function gateView(verdict: GateVerdict): GateView {
  const { kind, name, running, maxRunning, refusal } = verdict;
  const at = refusal?.at === undefined ? undefined : formatTime(Math.ceil(refusal.at));
  return {
    gate: kind,
    name,
    passes: !refusal,
    ...(refusal && { reason: reasonOf(verdict) }),
    ...causeView(verdict),
    ...(maxRunning !== undefined && { running, max_running: maxRunning }),
    ...(at !== undefined && (opensAtOnce(refusal) ? { until: at } : { next_at: at })),
  };
}

function causeView(verdict: GateVerdict): Pick<GateView, 'forced' | 'forced_reason' | 'last_error'> {
  const { isByHand = false, note = '' } = verdict.cause ?? {};
  if (!isByHand) return note === '' ? {} : { last_error: note };
  return isForced(verdict) ? { forced: true, ...(note !== '' && { forced_reason: note }) } : {};
}

/** Somebody has opened the circuit, and it may not be tried yet. */
function isForced({ cause, refusal }: GateVerdict): boolean {
  return cause?.isByHand === true && refusal?.reason === 'circuit_open';
}

/** Then nothing is left of it. */
function opensAtOnce(refusal: Refusal | undefined): boolean {
  return refusal?.reason === 'shut' || refusal?.reason === 'client_held';
}

const OF_HOST = {
  shut: 'paused',
  circuit_open: 'host_circuit_open',
  circuit_half_open: 'host_circuit_half_open',
  ramping: 'host_ramping',
  client_held: 'client_held_by_host',
  at_capacity: 'host_at_limit',
  rate_limited: 'host_at_limit',
  fleet_share: 'fleet_share',
} as const;

function reasonOf({ kind, refusal }: GateVerdict): GateReason {
  const { reason = 'shut' } = refusal ?? {};
  if (kind === 'host') return OF_HOST[reason];
  if (reason === 'shut') return kind === 'client' ? 'disabled' : 'paused';
  return reason === 'at_capacity' || reason === 'rate_limited' ? reason : 'fleet_share';
}

const SUMMARIES: Readonly<Record<TaskState, (explanation: TaskExplanation) => string>> = {
  scheduled: (told) => `It is scheduled: due at ${whenDue(told)}.`,
  retrying: (told) => `Its last attempt failed: the next one is due at ${whenDue(told)}.`,
  pending,
  deferred,
  running: () => 'It is running.',
  completed: () => 'It is completed.',
  dead_letter: () => 'It is a dead letter: it is not tried again unless someone retries it.',
  cancelled: () => 'It was cancelled.',
  expired: () => 'It has expired: it is not started any more.',
};

function whenDue({ dueAt = 0, eta, gates }: TaskExplanation): string {
  const holds = ({ refusal }: GateVerdict) => opensAtOnce(refusal) || refusal?.reason === 'circuit_open';
  const holder = eta === dueAt ? undefined : gates.find((gate) => holds(gate) && gate.refusal?.at === eta);
  return `${formatTime(dueAt)}${holder ? `, but its ${holder.kind} ${holder.name} ${why(holder)}` : ''}`;
}

function pending({ lane, gates, slots, waitingAheadInLane: ahead }: TaskExplanation): string {
  const before = ahead === undefined ? '' : `; ${tasks(ahead)} ahead of it in lane ${lane}`;
  const shut = gates.find(({ refusal }) => refusal);
  // Let in before that was so; the worker that comes to it puts it back.
  const held = shut ? `, and then its ${shut.kind} ${shut.name} ${why(shut)}` : '';
  const nobody = slots === 0 ? ', and no worker takes tasks: none is there, or all are paused' : '';
  return `It is due and waits for a worker${nobody}${before}${held}.`;
}

function deferred({ heldBy, parkedAhead }: TaskExplanation): string {
  if (!heldBy?.refusal) return 'It was held back until just now and is about to be let in.';
  const before = parkedAhead === undefined ? '' : `; ${tasks(parkedAhead)} ahead of it there`;
  return `It is due, but its ${heldBy.kind} ${heldBy.name} ${why(heldBy)}${before}.`;
}

const WHY: Readonly<Record<GateReason, (verdict: GateVerdict) => string>> = {
  paused: (verdict) => `is paused${until(verdict)}`,
  disabled: (verdict) => `is disabled${until(verdict)}`,
  rate_limited: () => 'is at its rate',
  fleet_share: ({ running }) => `has its share of the workers (${running} running), and tasks of others wait`,
  at_capacity: atCapacity,
  host_at_limit: (verdict) =>
    verdict.refusal?.reason === 'rate_limited' ? 'is at its rate' : atCapacity(verdict),
  host_circuit_open: nextProbe,
  host_circuit_half_open: () => 'is being tried (circuit half-open): as many probes as may be have gone out',
  host_ramping: (verdict) =>
    `was not available and is given its tasks step by step, the next of them${at(verdict)}`,
  client_held_by_host: (verdict) => `gets no tasks of this client${until(verdict)}`,
};

function why(verdict: GateVerdict): string {
  return WHY[reasonOf(verdict)](verdict);
}

function nextProbe(verdict: GateVerdict): string {
  const next =
    verdict.refusal?.at === undefined ? ' until somebody closes it' : `; it is tried again${at(verdict)}`;
  return `is left alone (${circuit(verdict)})${next}`;
}

function circuit(verdict: GateVerdict): string {
  const { note = '' } = verdict.cause ?? {};
  if (isForced(verdict)) return `circuit opened by an admin${note && `: ${note}`}`;
  return `circuit open${note && `, last failure ${note}`}`;
}

function at({ refusal }: GateVerdict): string {
  return refusal?.at === undefined ? '' : ` at ${formatTime(Math.ceil(refusal.at))}`;
}

function until({ refusal }: GateVerdict): string {
  return refusal?.at === undefined ? '' : ` until ${formatTime(Math.ceil(refusal.at))}`;
}

function atCapacity({ running, maxRunning }: GateVerdict): string {
  return maxRunning === undefined
    ? 'has let in all that it may at once'
    : `is at its limit (${running} of ${maxRunning} running)`;
}

function tasks(count: number): string {
  return count === 1 ? '1 task is' : `${count} tasks are`;
}
