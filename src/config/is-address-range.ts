import { isIP } from 'node:net';
import { ValidateBy } from 'class-validator';

/** Every item is an address or a CIDR range: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`. */
export function AreAddressRanges(): PropertyDecorator {
  return ValidateBy({
    name: 'areAddressRanges',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((item) => isRange(String(item))),
      defaultMessage: () => '$property must be a comma list of addresses or ranges like 10.0.0.0/8',
    },
  });
}

function isRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 4: 32, 6: 128 }[isIP(address)];
  if (bits === undefined || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
