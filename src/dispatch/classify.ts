import type { Outcome } from '../task/outcome.js';
import type { HandlerReply } from './handlers/handler-reply.js';
import type { Answered, Failed, Reply } from './http-sender.js';
import { retryAfterMs, type RetryAfterLimits } from './retry-after.js';

/** 489: a status no standard uses, with which a target says "do not send this again". */
const NO_RETRY_STATUS = 489;

/**
 * What a reply means. Success is 200-299; a redirect is an answer like any other and never followed. A handler succeeds
 * when it returns.
 */
export function classify(reply: Reply | HandlerReply, limits: RetryAfterLimits): Outcome {
  switch (reply.kind) {
    case 'answered':
      return classifyAnswer(reply, limits);
    case 'failed':
      return classifyFailure(reply);
    case 'returned':
      return { class: 'succeeded' };
    case 'threw': {
      const { code, message, permanent } = reply;
      return { class: 'rejected', error: { code, message }, noRetry: permanent };
    }
  }
}

function classifyFailure({ stage, code, message, permanent = false }: Failed): Outcome {
  if (code === 'aborted') return { class: 'interrupted', error: { code, message } };
  return { class: stage, error: { code, message }, noRetry: permanent };
}

function classifyAnswer({ status, headers }: Answered, limits: RetryAfterLimits): Outcome {
  if (status >= 200 && status <= 299) return { class: 'succeeded', status };
  const noRetry = status === NO_RETRY_STATUS || headers['x-task-no-retry']?.toLowerCase() === 'true';
  const wait = retryAfterMs(headers['retry-after'], limits);
  return { class: 'rejected', status, noRetry, ...(wait !== undefined && { retryAfterMs: wait }) };
}
