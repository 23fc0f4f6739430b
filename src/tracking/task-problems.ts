import { ProblemError } from '../http/problem.js';

export function taskNotFound(): ProblemError {
  const detail = 'There is no task with this id. Finished tasks are kept for a limited time.';
  return new ProblemError({ status: 404, code: 'task_not_found', detail });
}

export function taskFinished(): ProblemError {
  const detail = 'The task is finished; nothing can be changed any more.';
  return new ProblemError({ status: 409, code: 'task_finished', detail });
}

export function taskStarted(): ProblemError {
  const detail = 'An attempt has begun: the target may have seen the task as it was.';
  return new ProblemError({ status: 409, code: 'task_started', detail });
}

export function taskChanged(): ProblemError {
  const detail = 'Others change the task at the same time. Look at it and try again.';
  return new ProblemError({ status: 409, code: 'task_changed', detail });
}

export function taskSealed(): ProblemError {
  const detail =
    'The call of the task was stored encrypted, and this server does not have the key (TASK_ENCRYPTION_KEY).';
  return new ProblemError({ status: 409, code: 'task_sealed', detail });
}

export function taskUnreadable(): ProblemError {
  const detail =
    'What is stored of the task was damaged in Redis and cannot be edited. Cancel it and enqueue it anew.';
  return new ProblemError({ status: 409, code: 'task_unreadable', detail });
}

export function notADeadLetter(): ProblemError {
  const detail = 'This is for dead letters, and the task is none.';
  return new ProblemError({ status: 409, code: 'not_a_dead_letter', detail });
}

export function taskExpired(): ProblemError {
  const detail = 'The task has expired: it would not be started again.';
  return new ProblemError({ status: 409, code: 'task_expired', detail });
}
