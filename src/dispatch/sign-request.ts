import { createHmac, type KeyObject } from 'node:crypto';
import type { OutgoingRequest } from './http-sender.js';

/** By what a receiver knows who sent a call, and when. */
export interface Signing {
  /** The same for every try of a task, and without a full stop. */
  readonly id: string;
  /** Of this try, Unix seconds. */
  readonly timestamp: number;
  /** Each of them signs. */
  readonly keys: readonly KeyObject[];
}

const HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * A request with the headers of Standard Webhooks 1.0.0 (standardwebhooks.com): HMAC-SHA256 over
 * `<id>.<timestamp>.<body>` with each key, over the bytes of the body as they are sent. Headers of these names that the task
 * brings along give way.
 */
export function signRequest(request: OutgoingRequest, { id, timestamp, keys }: Signing): OutgoingRequest {
  const signatures = keys.map((key) => {
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`);
    if (request.body) hmac.update(request.body);
    return `v1,${hmac.digest('base64')}`;
  });
  const values = [id, String(timestamp), signatures.join(' ')];
  const added = HEADERS.flatMap((name, at) => [name, values[at] ?? '']);
  return { ...request, headers: [...withoutOwn(request.headers), ...added] };
}

/**
 * The id of a task as an id of Standard Webhooks: a full stop would be one of those that part what is signed. A colon is in
 * no id of a task, so that two tasks never get the same.
 */
export function webhookId(taskId: string): string {
  return taskId.replace('.', ':');
}

function withoutOwn(headers: readonly string[]): string[] {
  return headers.filter((_, at) => !isOurs(headers[at - (at % 2)] ?? ''));
}

function isOurs(name: string): boolean {
  return (HEADERS as readonly string[]).includes(name.toLowerCase());
}
