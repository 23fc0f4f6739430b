import { ProblemError } from '../http/problem.js';
import type { Asked } from '../operations/operation-store.js';

export function operationNotFound(): ProblemError {
  const detail = 'There is no operation with this id. They are kept for seven days.';
  return new ProblemError({ status: 404, code: 'operation_not_found', detail });
}

function operationOver(): ProblemError {
  const detail = 'The operation is over, or was ended or undone before.';
  return new ProblemError({ status: 409, code: 'operation_over', detail });
}

export function tooManyOperations(): ProblemError {
  const detail =
    'As many operations as may be are not over yet, purges that can still be undone among them. Cancel or undo one, or wait.';
  return new ProblemError({ status: 409, code: 'too_many_operations', detail });
}

function notUndoable(): ProblemError {
  const detail = 'Only a purge can be undone, for 15 minutes, and not when it was made with now=true.';
  return new ProblemError({ status: 409, code: 'not_undoable', detail });
}

function purgeIsUndone(): ProblemError {
  const detail = 'A purge is not ended halfway: undo it.';
  return new ProblemError({ status: 409, code: 'purge_not_cancellable', detail });
}

const OBJECTIONS: Readonly<Record<Exclude<Asked, 'wanted'>, () => ProblemError>> = {
  over: operationOver,
  final: notUndoable,
  no_cancel: purgeIsUndone,
  unknown: operationNotFound,
};

/** Why an operation is neither ended nor undone. */
export function objection(asked: Exclude<Asked, 'wanted'>): ProblemError {
  return OBJECTIONS[asked]();
}
