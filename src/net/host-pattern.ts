import { isIP } from 'node:net';
import { isAddressRange } from './cidr.js';
import { withoutRootDot } from './target-host.js';

/** Which hosts a pattern means. What is compared is as URLs have it, so that its spellings are one. */
export type HostPattern =
  /** Every host, addresses included. */
  | { readonly kind: 'all'; readonly port?: string }
  /** One name. */
  | { readonly kind: 'name'; readonly host: string; readonly port?: string }
  /** Every name below one, at any depth, but not that itself. */
  | { readonly kind: 'below'; readonly host: string; readonly port?: string }
  /** Addresses, as a URL names them itself. */
  | { readonly kind: 'addresses'; readonly range: string; readonly port?: string };

/** RFC 1035, 2.3.4. */
const MOST_CHARS = 253;

/** What may stand in front of the port: `[...]` of an IPv6 address, or anything without what ends or structures a host. */
const FORM = /^(\[[0-9a-f:.]+\]|[^\s:/?#@\\[\]%]+)(?::([1-9]\d{0,4}))?$/i;

/**
 * Reads a pattern: `example.com`, `*.example.com`, an address, a range of addresses like `10.0.0.0/8`, or `*`; each but a
 * range perhaps with a port.
 *
 * @returns nothing when it is none
 */
export function parseHostPattern(text: string): HostPattern | undefined {
  if (text.includes('/')) return isAddressRange(text) ? { kind: 'addresses', range: text } : undefined;
  const [, name = '', port] = FORM.exec(text) ?? [];
  if (port === undefined) return patternOf(name);
  const pattern = Number(port) <= 65_535 ? patternOf(name) : undefined;
  return pattern && { ...pattern, port };
}

/**
 * What is wrong with a text that is no pattern. An address in digits that programs read differently, or in an unusual
 * spelling, is none: whoever wrote `010.1.1.1` may have meant 10.1.1.1 or 8.1.1.1.
 */
export function faultOfHostPattern(text: string): string {
  const [, name = '', range = ''] = /^(.*?)(?::\d{1,5}|(\/\d{1,3}))?$/.exec(text) ?? [];
  const read = readHost(name);
  return read !== undefined && isIP(read) === 4
    ? `is ambiguous: programs read ${JSON.stringify(name)} as different addresses; write ${read}${range} if you mean that`
    : NOT_A_PATTERN;
}

const NOT_A_PATTERN =
  'must be a host like example.com, *.example.com or 192.0.2.1, perhaps with a port, or a range like 10.0.0.0/8';

/** A pattern in the one spelling that all its spellings share. */
export function hostPatternText(pattern: HostPattern): string {
  return `${hostsText(pattern)}${pattern.port === undefined ? '' : `:${pattern.port}`}`;
}

function hostsText(pattern: HostPattern): string {
  switch (pattern.kind) {
    case 'all':
      return '*';
    case 'name':
      return pattern.host;
    case 'below':
      return `*.${pattern.host}`;
    case 'addresses':
      return isIP(pattern.range) === 6 ? `[${pattern.range}]` : pattern.range;
  }
}

function patternOf(name: string): HostPattern | undefined {
  if (name === '*') return { kind: 'all' };
  const isBelow = name.startsWith('*.');
  const host = readHost(isBelow ? name.slice(2) : name);
  if (host === undefined) return undefined;
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) === 0) return { kind: isBelow ? 'below' : 'name', host };
  return isBelow || isAmbiguous(name, address) ? undefined : { kind: 'addresses', range: address };
}

/** Whether an IPv4 address is written otherwise than everybody reads it. */
function isAmbiguous(name: string, address: string): boolean {
  return isIP(address) === 4 && withoutRootDot(name) !== address;
}

/** As a URL would have it, which is what it is compared with. */
function readHost(text: string): string | undefined {
  if (text.includes('*') || !URL.canParse(`http://${text}/`)) return undefined;
  const host = withoutRootDot(new URL(`http://${text}/`).hostname);
  const isName = host !== '' && host.length <= MOST_CHARS && !host.startsWith('.') && !/\.\.|\.$/.test(host);
  return isName ? host : undefined;
}
