import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isPlainObject } from './instantiate.js';

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
  return entries.map(([key, text]) => faultOfEntry(key, text, limits)).find((fault) => fault !== undefined);
}

function faultOfEntry(key: string, text: unknown, limits: MapLimits): string | undefined {
  const name = JSON.stringify(key.slice(0, 80));
  if (typeof text !== 'string') return `must have only strings; ${name} is none`;
  if (key === '' || Buffer.byteLength(key) > limits.maxKeyBytes) {
    return `must have keys of 1 to ${limits.maxKeyBytes} bytes; ${name} is not`;
  }
  return Buffer.byteLength(text) > limits.maxValueBytes
    ? `must have values of at most ${limits.maxValueBytes} bytes; that of ${name} is longer`
    : undefined;
}
