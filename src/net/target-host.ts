import { isIP } from 'node:net';
import { AddressGuard, AddressVerdict } from './address-policy.js';

const NAME: AddressVerdict = { allowed: true };
const METADATA_NAME: AddressVerdict = { allowed: false, reason: 'cloud metadata name' };

/**
 * Names under which clouds serve what {@link AddressGuard} never opens. They resolve to such addresses, so that without
 * a proxy nothing more is needed; a proxy that resolves them itself may not know better.
 */
const METADATA = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
  'api.metadata.cloud.ibm.com',
]);

/**
 * Judges a host as far as it tells its own address: IP literals, `localhost`, which RFC 6761 6.3 ties to
 * loopback, and the names of metadata services. Any other name passes here and is judged by what it resolves to when
 * the connection is made.
 *
 * @param hostname as the WHATWG URL parser gives it (numbers already turned into dotted form), brackets or not
 */
export function judgeHost(hostname: string, guard: AddressGuard): AddressVerdict {
  const bare = withoutRootDot(hostname.replace(/^\[|\]$/g, '')).toLowerCase();
  if (isIP(bare) !== 0) return guard.judge(bare);
  if (METADATA.has(bare)) return METADATA_NAME;
  return /(?:^|\.)localhost$/.test(bare) ? guard.judge('127.0.0.1') : NAME;
}

/** `example.com.` is `example.com`: the dot stands for the root of all names (RFC 1034 3.1). */
export function withoutRootDot(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
