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
