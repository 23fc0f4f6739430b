import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { PayloadSchema } from './payload-schema.js';

/** What is wrong with a payload: a JSON Pointer into it, and words that complete "It ...". */
export interface PayloadFault {
  readonly pointer: string;
  readonly detail: string;
}

const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: true, strictRequired: false });
const CHOICES: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'not', 'contains']);
const compiled = new WeakMap<PayloadSchema, ValidateFunction>();

/** Every rule of a schema that a payload breaks. */
export function payloadFaults(schema: PayloadSchema, payload: unknown): PayloadFault[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  return validate(payload) ? [] : faultsOf(validate.errors ?? []);
}

/** What a validator has found, each fault once. */
export function faultsOf(errors: readonly ErrorObject[]): PayloadFault[] {
  const choices = errors.filter(({ keyword }) => CHOICES.has(keyword));
  // Why each of several possibilities does not fit says less than what they are.
  const told = errors.filter(
    (error) => !choices.some(({ schemaPath }) => error.schemaPath.startsWith(`${schemaPath}/`)),
  );
  return told.map(faultOf);
}

function faultOf(error: ErrorObject): PayloadFault {
  const { instancePath, keyword, message = 'is wrong' } = error;
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (keyword) {
    case 'required':
      return { pointer: `${instancePath}/${escaped(params['missingProperty'])}`, detail: 'is required' };
    case 'additionalProperties':
      return {
        pointer: `${instancePath}/${escaped(params['additionalProperty'])}`,
        detail: 'is not a field of this type',
      };
    default:
      return { pointer: instancePath, detail: demandOf(error) ?? message };
  }
}

/** Rules that say less than the words that somebody has found for them. */
const DESCRIBED: ReadonlySet<string> = new Set(['pattern', 'anyOf', 'oneOf', 'type', 'enum']);

/** In the words of the schema. */
function demandOf({ keyword, parentSchema }: ErrorObject): string | undefined {
  const { description, type = 'value', anyOf, enum: values = [] } = parentSchema as PayloadSchema;
  if (description !== undefined && DESCRIBED.has(keyword)) return `must be ${description}`;
  if (keyword === 'type') return `must be ${[type].flat().map(withArticle).join(' or ')}`;
  if (keyword === 'enum') return oneOf(values);
  return keyword === 'anyOf' ? choiceOf(anyOf) : undefined;
}

function withArticle(type: string): string {
  if (type === 'null') return type;
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** Nobody reads more. */
const MOST_VALUES = 20;

function oneOf(values: readonly unknown[]): string {
  const told = values.slice(0, MOST_VALUES).map((value) => JSON.stringify(value));
  return `must be one of ${told.join(', ')}${values.length > MOST_VALUES ? ', …' : ''}`;
}

function choiceOf(anyOf: readonly PayloadSchema[] = []): string | undefined {
  const names = anyOf.flatMap(({ required = [] }) => required);
  return names.length > 0 ? `must have ${names.join(' or ')}` : undefined;
}

/** RFC 6901, section 3. */
export function escaped(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1');
}
