import { isIP } from 'node:net';
import { ValidateBy } from 'class-validator';
import { isAddressRange } from '../net/cidr.js';
import { faultOfRedisUrl } from './redis-url.js';

/** A rule that tells what is wrong; `undefined` = nothing. The text completes "NAME ...". */
function rule(name: string, faultOf: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value) => faultOf(value) === undefined,
      defaultMessage: (args) => `$property ${faultOf(args?.value) ?? ''}`,
    },
  });
}

/** Every item is an address or a CIDR range: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`. */
export function AreAddressRanges(): PropertyDecorator {
  return rule('areAddressRanges', (value) =>
    Array.isArray(value) && value.every((item) => isAddressRange(String(item)))
      ? undefined
      : 'must be a comma list of addresses or ranges like 10.0.0.0/8',
  );
}

/** A `redis://` or `rediss://` URL that the client reads as it is meant, or nothing. */
export function IsRedisUrl(): PropertyDecorator {
  return rule('isRedisUrl', (value) => (value === '' ? undefined : faultOfRedisUrl(String(value))));
}

/** A plain `http://` URL without a path, or nothing. The text never repeats it, because it may hold a password. */
export function IsProxyUrl(): PropertyDecorator {
  return rule('isProxyUrl', (value) =>
    value === '' || isProxyUrl(String(value))
      ? undefined
      : 'must be a URL like http://user:password@host:3128, with special characters percent-encoded',
  );
}

function isProxyUrl(text: string): boolean {
  try {
    const { protocol, pathname, search, hash, username, password } = new URL(text);
    decodeURIComponent(username + password);
    return protocol === 'http:' && pathname + search + hash === '/';
  } catch {
    return false;
  }
}

/** An `smtp://` or `smtps://` URL, or nothing. The text never repeats it, because it may hold a password. */
export function IsSmtpUrl(): PropertyDecorator {
  return rule('isSmtpUrl', (value) =>
    value === '' || isSmtpUrl(String(value))
      ? undefined
      : 'must be a URL like smtps://user:password@host:465, with special characters percent-encoded',
  );
}

function isSmtpUrl(text: string): boolean {
  try {
    const { protocol, hostname, username, password } = new URL(text);
    decodeURIComponent(username + password);
    return /^smtps?:$/.test(protocol) && hostname !== '';
  } catch {
    return false;
  }
}

/** `host:port`, or nothing. */
export function IsHostAndPort(): PropertyDecorator {
  return rule('isHostAndPort', (value) =>
    value === '' || isHostAndPort(value) ? undefined : 'must be host:port with a port from 1 to 65535',
  );
}

/** Every item is `host:port`. */
export function AreHostsAndPorts(): PropertyDecorator {
  return rule('areHostsAndPorts', (value) =>
    Array.isArray(value) && value.every(isHostAndPort)
      ? undefined
      : 'must be host:port with a port from 1 to 65535, or a comma list of those',
  );
}

function isHostAndPort(value: unknown): boolean {
  const [, host = '', port] = /^(.+):(\d{1,5})$/.exec(String(value)) ?? [];
  return isHost(host) && Number(port) >= 1 && Number(port) <= 65_535;
}

/** A name or an address without a port. */
export function IsHost(): PropertyDecorator {
  return rule('isHost', (value) =>
    isHost(String(value)) ? undefined : 'must be a name or an IP address without a port; IPv6 in brackets',
  );
}

function isHost(text: string): boolean {
  const [, bracketed] = /^\[(.*)\]$/.exec(text) ?? [];
  return bracketed === undefined ? /^[A-Za-z0-9._-]{1,255}$/.test(text) : isIP(bracketed) === 6;
}
