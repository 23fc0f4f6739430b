import { isIPv6 } from 'node:net';
import { ValidateBy } from 'class-validator';

/** Every item is the host of a URL, without a port: a name, an IPv4 address, or an IPv6 address in brackets. */
export function AreHostNames(): PropertyDecorator {
  return ValidateBy({
    name: 'areHostNames',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((item) => isHost(String(item))),
      defaultMessage: () =>
        '$property must be a comma list of host names without ports, like localhost,192.0.2.1,[::1]',
    },
  });
}

function isHost(text: string): boolean {
  const inBrackets = /^\[(.*)\]$/.exec(text)?.[1];
  return inBrackets === undefined ? /^[A-Za-z0-9._-]{1,255}$/.test(text) : isIPv6(inBrackets);
}

/** Every item is an origin as browsers write it. */
export function AreOrigins(): PropertyDecorator {
  return ValidateBy({
    name: 'areOrigins',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((item) => isOrigin(String(item))),
      defaultMessage: () =>
        '$property must be a comma list of origins as browsers write them, like https://ops.example.com,http://localhost:3000',
    },
  });
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
