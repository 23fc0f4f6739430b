import { ProblemError } from '../http/problem.js';

export function scheduleNotFound(): ProblemError {
  const detail = 'There is no schedule with this id. GET /v1/schedules lists those there are.';
  return new ProblemError({ status: 404, code: 'schedule_not_found', detail });
}

export function scheduleExists(): ProblemError {
  const detail =
    'There is another schedule with this id. PATCH /v1/schedules/{id} changes it, DELETE deletes it.';
  return new ProblemError({ status: 409, code: 'schedule_exists', detail });
}

export function scheduleChanged(): ProblemError {
  const detail = 'Others change the schedule at the same time. Look at it, and send the request again.';
  return new ProblemError({ status: 409, code: 'schedule_changed', detail });
}

export function tooManyWaiting(): ProblemError {
  const detail =
    'As many occurrences of the schedule, or of its client, wait to become tasks as may. Try again when they have: the limits of the client say how fast.';
  return new ProblemError({ status: 409, code: 'too_many_waiting', detail });
}

export function scheduleSealed(): ProblemError {
  const detail =
    'What the schedule calls is encrypted, and this server does not have the key (TASK_ENCRYPTION_KEY).';
  return new ProblemError({ status: 409, code: 'schedule_sealed', detail });
}

export function tooManySchedules(isOfClient: boolean): ProblemError {
  const detail = isOfClient
    ? 'The client has as many schedules as it may (SCHEDULES_PER_CLIENT). Delete one first.'
    : 'There are as many schedules as there may be (SCHEDULES_MAX). Delete one first.';
  return new ProblemError({ status: 409, code: 'too_many_schedules', detail });
}
