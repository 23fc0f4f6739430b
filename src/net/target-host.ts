import { isIP } from 'node:net';
import { AddressGuard, AddressVerdict } from './address-policy.js';

const NAME: AddressVerdict = { allowed: true };

/**
 * Judges a host as far as it tells its own address: IP literals, and `localhost`, which RFC 6761 6.3 ties to
 * loopback. Any other name passes here and is judged by what it resolves to when the connection is made.
 *
 * @param hostname as the WHATWG URL parser gives it (numbers already turned into dotted form), brackets or not
 */
export function judgeHost(hostname: string, guard: AddressGuard): AddressVerdict {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  if (isIP(bare) !== 0) return guard.judge(bare);
  return /(?:^|\.)localhost$/i.test(bare) ? guard.judge('127.0.0.1') : NAME;
}
