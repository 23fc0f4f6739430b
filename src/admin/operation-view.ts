import {
  etaOf,
  type Operation,
  type OperationSpec,
  type OperationState,
  STATES_OF,
} from '../operations/operation.js';
import { formatTime } from '../time/rfc3339.js';
import type { OperationScope, OperationView } from './admin-operations.dto.js';

/** An operation as the API shows it. */
export function operationView(operation: Operation, now: number): OperationView {
  const { spec, canary, error } = operation;
  const eta = etaOf(operation, now);
  return {
    operation_id: operation.id,
    action: spec.action,
    state: stateView(operation),
    scope: scopeView(spec),
    dry_run: spec.isDryRun,
    rate: spec.rate,
    looked_at: operation.looked,
    matched: operation.matched,
    done: operation.done,
    skipped: operation.skipped,
    sample: [...operation.sample],
    ...(canary && { canary: { task_id: canary.id, state: canary.state } }),
    created_at: formatTime(operation.createdAt),
    eta: eta === undefined ? null : formatTime(eta),
    ...timesView(operation),
    ...(error !== undefined && { error }),
  };
}

/** It is being undone as soon as that is asked. */
function stateView({ state, wanted }: Operation): OperationState {
  return wanted === 'undo' && state !== 'undone' ? 'undoing' : state;
}

function timesView({ endedAt, undoUntil }: Operation): Pick<OperationView, 'ended_at' | 'undo_until'> {
  return {
    ...(endedAt !== undefined && { ended_at: formatTime(endedAt) }),
    ...(undoUntil !== undefined && { undo_until: formatTime(undoUntil) }),
  };
}

function scopeView({ action, asked, filter }: OperationSpec): OperationScope {
  const states = filter.dead ? (['dead_letter'] as const) : STATES_OF[action];
  return { filter: asked, states: filter.state ? [filter.state] : [...states] };
}
