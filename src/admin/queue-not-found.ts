import { ProblemError } from '../http/problem.js';

export function queueNotFound(): ProblemError {
  const detail = 'There is no queue of this name. PUT /admin/queues/{name} creates one.';
  return new ProblemError({ status: 404, code: 'queue_not_found', detail });
}
