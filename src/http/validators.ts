import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isPlainObject } from './instantiate.js';

/**
 * A line of text that people write and read: UTF-8 has bytes for it (JSON can write down half a surrogate pair, which comes
 * back as another character), and nothing in it moves the cursor or colours the terminal of who reads it.
 */
export function IsText(): PropertyDecorator {
  return ValidateBy({
    name: 'isText',
    validator: {
      validate: (value) => faultOfText(value) === undefined,
      defaultMessage: (args) => `$property ${faultOfText(args?.value) ?? ''}`,
    },
  });
}

const HALF_PAIR = 'has half a surrogate pair, which has no UTF-8';

function faultOfText(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (!value.isWellFormed()) return HALF_PAIR;
  return /\p{Cc}/u.test(value)
    ? 'must not have control characters, line breaks and tabs included'
    : undefined;
}

interface MapLimits {
  readonly maxEntries: number;
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
}

/** An object whose values are all strings, within limits that are counted in UTF-8 bytes. */
export function IsStringMap(limits: MapLimits, options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isStringMap',
      validator: {
        validate: (value) => faultOfStringMap(value, limits) === undefined,
        defaultMessage: (args) => faultOfStringMap(args?.value, limits) ?? '',
      },
    },
    options,
  );
}

/** What is wrong with a string map, or nothing. */
function faultOfStringMap(value: unknown, limits: MapLimits): string | undefined {
  if (!isPlainObject(value)) return 'must be an object of strings';
  const entries = Object.entries(value);
  if (entries.length > limits.maxEntries) return `must not have more than ${limits.maxEntries} entries`;
  for (const [key, text] of entries) {
    const fault = faultOfEntry(key, text, limits);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfEntry(key: string, text: unknown, limits: MapLimits): string | undefined {
  const { maxKeyBytes, maxValueBytes } = limits;
  if (typeof text !== 'string') return `must have only strings; ${named(key)} is none`;
  if (key === '' || Buffer.byteLength(key) > maxKeyBytes)
    return `must have keys of 1 to ${maxKeyBytes} bytes; ${named(key)} is not`;
  if (!key.isWellFormed()) return `must have keys of whole characters; one ${HALF_PAIR}`;
  if (!text.isWellFormed()) return `must have values of whole characters; that of ${named(key)} ${HALF_PAIR}`;
  return Buffer.byteLength(text) > maxValueBytes
    ? `must have values of at most ${maxValueBytes} bytes; that of ${named(key)} is longer`
    : undefined;
}

const named = (key: string): string => JSON.stringify(key.slice(0, 80));
