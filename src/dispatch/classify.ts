import type { Outcome } from '../task/outcome.js';
import type { Answered, Reply } from './http-sender.js';
import { retryAfterMs, type RetryAfterLimits } from './retry-after.js';

/** 489: a status no standard uses, with which a target says "do not send this again". */
const NO_RETRY_STATUS = 489;

/** What a reply means. Success is 200-299; a redirect is an answer like any other and never followed. */
export function classify(reply: Reply, limits: RetryAfterLimits): Outcome {
  if (reply.kind === 'answered') return classifyAnswer(reply, limits);
  const { stage, code, message, permanent = false } = reply;
  if (code === 'aborted') return { class: 'interrupted', error: { code, message } };
  return { class: stage, error: { code, message }, noRetry: permanent };
}

function classifyAnswer({ status, headers }: Answered, limits: RetryAfterLimits): Outcome {
  if (status >= 200 && status <= 299) return { class: 'succeeded', status };
  const noRetry = status === NO_RETRY_STATUS || headers['x-task-no-retry']?.toLowerCase() === 'true';
  const wait = retryAfterMs(headers['retry-after'], limits);
  return { class: 'rejected', status, noRetry, ...(wait !== undefined && { retryAfterMs: wait }) };
}
