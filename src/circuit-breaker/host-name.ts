import { hostOf } from '../queue/gates/host-gate.js';

const WITH_SCHEME = /^https?:/i;
/** A name or an address, IPv6 in brackets, and perhaps a port. */
const WITHOUT = /^(?:\[[^\]]*\]|[^\s/\\?#@:[\]]+)(?::(\d{1,5}))?$/;
/** What a path says of itself (`..`) names no host. */
const DOTS = /^\.+$/;
/** Of a name, RFC 1035 2.3.4. */
const LONGEST = 253;

/** What the name of a host looks like: scheme, name, and the port unless it is that of the scheme. */
export const HOST_NAME = /^https?:\/\/[^\s/]+$/;

/**
 * The host that a text names, as every task that calls it has it (scheme, host and port); nothing if it names none. The
 * text may be any http or https URL of the host, the slashes left out or not, or a host alone, perhaps with its port:
 * that is one of https, but with port 80.
 */
export function readHost(text: string): string | undefined {
  const url = WITH_SCHEME.test(text) ? text : withScheme(text);
  if (url === undefined || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const { hostname } = parsed;
  const isNone = hostname.length > LONGEST || hostname.includes('*') || DOTS.test(hostname);
  return isNone ? undefined : hostOf(parsed);
}

function withScheme(text: string): string | undefined {
  const match = WITHOUT.exec(text);
  return match ? `${match[1] === '80' ? 'http' : 'https'}://${text}` : undefined;
}
