import { isCall, type Task, type TaskTarget } from '../task/task.js';
import type { TaskSnapshot } from '../queue/task-reader.js';

/**
 * The payload of a typed task, as it was enqueued; nothing of a call of a URL, and of one that was stored encrypted and
 * that no key at hand opens.
 */
export function payloadOf(target: TaskTarget): unknown {
  if (target.sealed !== undefined) return undefined;
  if (!isCall(target)) return parsed(target.payload);
  if (target.type === undefined || !target.body) return undefined;
  return parsed(target.body.content);
}

/** What the handler of a task returned, if it did and that was kept. */
export function resultOf({ attempts }: Pick<TaskSnapshot, 'attempts'>): unknown {
  const text = attempts.at(-1)?.result;
  return text === undefined ? undefined : parsed(text);
}

/** Somebody may have edited the body of a call. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a task is about, for those who know only payloads: of a call of a URL the call, without its headers. */
export function dataOf({ target }: Pick<Task, 'target'>): unknown {
  const payload = payloadOf(target);
  if (payload !== undefined || !isCall(target)) return payload ?? {};
  const { url, method, body } = target;
  if (!body) return { url, method };
  return { url, method, [body.encoding === 'base64' ? 'body_base64' : 'body']: body.content };
}
