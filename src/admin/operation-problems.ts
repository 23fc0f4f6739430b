import { ProblemError } from '../http/problem.js';

export function operationNotFound(): ProblemError {
  const detail = 'There is no operation with this id. They are kept for seven days.';
  return new ProblemError({ status: 404, code: 'operation_not_found', detail });
}

export function operationOver(): ProblemError {
  const detail = 'The operation is over, or is being ended already.';
  return new ProblemError({ status: 409, code: 'operation_over', detail });
}

export function tooManyOperations(): ProblemError {
  const detail =
    'As many operations as may be are not over yet, purges that can still be undone among them. Cancel one, or wait.';
  return new ProblemError({ status: 409, code: 'too_many_operations', detail });
}
