import { isIP } from 'node:net';
import { AddressGuard, AddressVerdict } from './address-policy.js';

const NAME: AddressVerdict = { allowed: true };
const METADATA_NAME: AddressVerdict = { allowed: false, reason: 'cloud metadata name' };

/**
 * Names under which clouds serve what {@link AddressGuard} never opens. They resolve to such addresses, so that without
 * a proxy nothing more is needed; a proxy that resolves them itself may not know better. The short ones are completed
 * by the search domain of the machine that resolves them.
 */
const METADATA = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'api.metadata.cloud.ibm.com',
  'instance-data',
  'instance-data.ec2.internal',
]);
const METADATA_OF_REGION = /^instance-data\.[a-z0-9-]+\.compute\.internal$/;

/** RFC 6761 6.3, and what hosts files (Red Hat's, Debian's, SUSE's) and systemd's resolver know besides. */
const IPV4_LOOPBACK =
  /^(?:.+\.)?localhost(?:\.localdomain)?$|^localhost4(?:\.localdomain4)?$|^_localdns(?:stub|proxy)$/;
const IPV6_LOOPBACK = /^localhost6(?:\.localdomain6)?$|^ipv?6-(?:localhost|loopback)$/;

/**
 * Judges a host as far as it tells its own address: IP literals, the names that stand for loopback everywhere, and those
 * of metadata services, which no policy opens. Any other name passes here and is judged by what it resolves to when the
 * connection is made.
 *
 * @param hostname as the WHATWG URL parser gives it (numbers already turned into dotted form), brackets or not
 */
export function judgeHost(hostname: string, guard: AddressGuard): AddressVerdict {
  const bare = withoutRootDot(hostname.replace(/^\[|\]$/g, '')).toLowerCase();
  if (isIP(bare) !== 0) return guard.judge(bare);
  if (METADATA.has(bare) || METADATA_OF_REGION.test(bare)) return METADATA_NAME;
  if (IPV4_LOOPBACK.test(bare)) return guard.judge('127.0.0.1');
  return IPV6_LOOPBACK.test(bare) ? guard.judge('::1') : NAME;
}

/** `example.com.` is `example.com`: the dot stands for the root of all names (RFC 1034 3.1). */
export function withoutRootDot(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
