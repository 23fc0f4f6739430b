import { LookupAddress } from 'node:dns';
import { AddressPolicy, compileAddressPolicy } from '../../src/net/address-policy.js';
import { AbortHandle } from '../../src/queue/abort-handle.js';
import { LookupAll } from '../../src/dispatch/guarded-lookup.js';
import { Answered, Failed, HttpSender, OutgoingRequest, Reply } from '../../src/dispatch/http-sender.js';
import { UndiciSender, UndiciSenderOptions } from '../../src/dispatch/undici-sender.js';
import { closeAfterTest } from './loopback.js';

/** Calls nothing off. */
export const never = new AbortHandle();

export const guardOf = (changes: Partial<AddressPolicy> = {}) =>
  compileAddressPolicy({ allowPrivateUrls: false, allowLoopbackUrls: true, denyCidrs: [], ...changes });

/** A resolver that answers from a list: the nth question gets the nth answer, the last one for ever. */
export function scriptedLookup(
  ...answers: (readonly string[] | Error)[]
): LookupAll & { readonly asked: string[] } {
  const asked: string[] = [];
  const lookup: LookupAll = (hostname, _options, callback) => {
    const answer = answers[Math.min(asked.push(hostname), answers.length) - 1] ?? [];
    queueMicrotask(() => {
      if (answer instanceof Error) callback(answer, undefined);
      else callback(null, answer.map(record));
    });
  };
  return Object.assign(lookup, { asked });
}

function record(address: string): LookupAddress {
  return { address, family: address.includes(':') ? 6 : 4 };
}

/** A sender that may call loopback and resolves no real name; closed after the test. */
export function senderTo(options: Partial<UndiciSenderOptions> = {}): HttpSender {
  const sender = new UndiciSender({ guard: guardOf(), lookup: scriptedLookup(['127.0.0.1']), ...options });
  closeAfterTest(() => sender.close());
  return sender;
}

type RequestChanges = Partial<Omit<OutgoingRequest, 'headers'>> & {
  headers?: readonly (readonly [name: string, value: string])[];
};

export function requestTo(url: string, { headers = [], ...changes }: RequestChanges = {}): OutgoingRequest {
  return { url, method: 'POST', headers: headers.flat(), body: undefined, timeoutMs: 20_000, ...changes };
}

export function answered(reply: Reply): Answered {
  if (reply.kind !== 'answered') throw new Error(`failed: ${reply.code}: ${reply.message}`);
  return reply;
}

export function failed(reply: Reply): Failed {
  if (reply.kind !== 'failed') throw new Error(`answered: ${reply.status}`);
  return reply;
}
