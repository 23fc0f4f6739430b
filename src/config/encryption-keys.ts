import { ValidateBy } from 'class-validator';

const KEY_BYTES = 32;

/** The key that a text stands for: 32 bytes in hexadecimal or in base64 of either kind; nothing when it is none. */
export function readEncryptionKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}

/** Every item is a key. The text never repeats one. */
export function AreEncryptionKeys(): PropertyDecorator {
  return ValidateBy({
    name: 'areEncryptionKeys',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((item) => readEncryptionKey(String(item))),
      defaultMessage: () =>
        '$property must be a comma list of keys of 32 bytes each, in base64 or hexadecimal (`openssl rand -base64 32` makes one)',
    },
  });
}
