import type { AddressGuard } from '../net/address-policy.js';
import { parseTargetUrl } from '../net/target-url.js';
import type { Callbacks } from '../task/callbacks.js';
import type { EnqueueRequest } from './enqueue.dto.js';
import type { Faults } from './faults.js';

type Asked = Pick<EnqueueRequest, 'callback_url' | 'failure_callback_url'>;

/** Who is to be told when the task has ended; nothing when nobody is. The rules are those of what a task calls. */
export function readCallbacks(request: Asked, guard: AddressGuard, faults: Faults): Callbacks | undefined {
  const { callback_url: url, failure_callback_url: failureUrl } = request;
  for (const [pointer, text] of Object.entries(callbackUrls(request))) {
    const read = parseTargetUrl(text, guard);
    if (!read.ok) faults.add(pointer, read.reason);
  }
  return url || failureUrl ? { ...(url && { url }), ...(failureUrl && { failureUrl }) } : undefined;
}

/** Where a request wants to have somebody told, by the pointer to the member that says so. */
export function callbackUrls({
  callback_url,
  failure_callback_url,
}: Asked): Readonly<Record<string, string>> {
  return {
    ...(callback_url && { '/callback_url': callback_url }),
    ...(failure_callback_url && { '/failure_callback_url': failure_callback_url }),
  };
}
