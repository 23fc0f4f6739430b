import type { GateVerdict, TaskExplanation } from '../queue/explanation.js';
import type { TaskState } from '../task/task-state.js';
import { formatTime } from '../time/rfc3339.js';
import type { ExplanationView, GateView, PositionView } from './explain.dto.js';

export function explanationView(id: string, explanation: TaskExplanation): ExplanationView {
  const { state, gates, eta } = explanation;
  const position = positionView(explanation);
  return {
    task_id: id,
    state,
    summary: SUMMARIES[state](explanation),
    gates: gates.map(gateView),
    ...(position && { position }),
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
    ...(maxRunning !== undefined && { running, max_running: maxRunning }),
    ...(at !== undefined && (refusal?.reason === 'shut' ? { until: at } : { next_at: at })),
  };
}

function reasonOf({ kind, refusal }: GateVerdict): NonNullable<GateView['reason']> {
  if (refusal && refusal.reason !== 'shut') return refusal.reason;
  return kind === 'client' ? 'disabled' : 'paused';
}

const SUMMARIES: Readonly<Record<TaskState, (explanation: TaskExplanation) => string>> = {
  scheduled: ({ dueAt = 0 }) => `It is scheduled: due at ${formatTime(dueAt)}.`,
  retrying: ({ dueAt = 0 }) => `Its last attempt failed: the next one is due at ${formatTime(dueAt)}.`,
  pending,
  deferred,
  running: () => 'It is running.',
  completed: () => 'It is completed.',
  dead_letter: () => 'It is a dead letter: it is not tried again unless someone retries it.',
  cancelled: () => 'It was cancelled.',
  expired: () => 'It has expired: it is not started any more.',
};

function pending({ lane, gates, waitingAheadInLane: ahead }: TaskExplanation): string {
  const before = ahead === undefined ? '' : `; ${tasks(ahead)} ahead of it in lane ${lane}`;
  const shut = gates.find(({ refusal }) => refusal);
  // Let in before that was so; the worker that comes to it puts it back.
  const held = shut ? `, and then its ${shut.kind} ${shut.name} ${why(shut)}` : '';
  return `It is due and waits for a worker${before}${held}.`;
}

function deferred({ heldBy, parkedAhead }: TaskExplanation): string {
  if (!heldBy?.refusal) return 'It was held back until just now and is about to be let in.';
  const before = parkedAhead === undefined ? '' : `; ${tasks(parkedAhead)} ahead of it there`;
  return `It is due, but its ${heldBy.kind} ${heldBy.name} ${why(heldBy)}${before}.`;
}

function why(verdict: GateVerdict): string {
  const { running, refusal } = verdict;
  const until = refusal?.at === undefined ? '' : ` until ${formatTime(Math.ceil(refusal.at))}`;
  switch (reasonOf(verdict)) {
    case 'paused':
      return `is paused${until}`;
    case 'disabled':
      return `is disabled${until}`;
    case 'rate_limited':
      return 'is at its rate';
    case 'fleet_share':
      return `has its share of the workers (${running} running), and tasks of others wait`;
    case 'at_capacity':
      return atCapacity(verdict);
  }
}

function atCapacity({ running, maxRunning }: GateVerdict): string {
  return maxRunning === undefined
    ? 'has let in all that it may at once'
    : `is at its limit (${running} of ${maxRunning} running)`;
}

function tasks(count: number): string {
  return count === 1 ? '1 task is' : `${count} tasks are`;
}
