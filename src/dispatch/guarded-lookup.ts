import { LookupAddress, LookupOptions } from 'node:dns';
import { LookupFunction } from 'node:net';
import { AddressGuard } from '../net/address-policy.js';
import { ConnectFailure } from './connect-failure.js';

/** Node's `dns.lookup` in the form that yields every record. */
export type LookupAll = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: Error | null, addresses: LookupAddress[] | undefined) => void,
) => void;

/**
 * A `lookup` for `net.connect` whose answers are safe to dial. One refused record fails them all: a name that
 * mixes public and private answers is either an attack or a mistake, and which one is dialled is chance.
 * What is checked here is what is dialled, so a name cannot change its answer in between (DNS rebinding).
 *
 * Answers both forms: `all: true`, which Node uses when it races IPv4 and IPv6, and the single address.
 */
export function guardedLookup(guard: AddressGuard, lookup: LookupAll): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses = []) => {
      const failure =
        error === null ? judgeAll(hostname, addresses, guard) : ConnectFailure.of('dns_failed', error);
      const [first] = addresses;
      if (failure !== undefined || first === undefined) {
        callback(failure ?? new ConnectFailure('dns_failed', `${hostname} has no address`), [], 0);
      } else if (options.all === true) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

function judgeAll(
  hostname: string,
  addresses: readonly LookupAddress[],
  guard: AddressGuard,
): ConnectFailure | undefined {
  for (const { address } of addresses) {
    const verdict = guard.judge(address);
    if (!verdict.allowed)
      return ConnectFailure.refused(hostname, `it resolves to ${address}, a ${verdict.reason}`);
  }
  return undefined;
}
