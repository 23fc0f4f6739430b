import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { escaped, faultsOf, type PayloadFault } from './payload-faults.js';
import type { PayloadSchema } from './payload-schema.js';

/** UTF-16 units of its JSON. */
const LONGEST = 8192;
/** Levels of schemas in each other. */
const DEEPEST = 16;
/** Objects, lists and values in a schema: it says how long checking one value takes at most. */
const MOST_RULES = 500;
/**
 * Rules times values that are looked at for one payload: some tenths of a second of the process, at worst. A payload of 4,000 values
 * may have a schema with as many rules as there can be, one of 50,000 a schema with forty.
 */
const MOST_STEPS = 2_000_000;
/** A rule about a text takes longer the longer it is: so many characters count as one value. */
const CHARACTERS = 512;
/** As many as there can be types that are mapped. */
const MOST_KEPT = 1000;

/** What stands behind a keyword: a schema, several, or something else. */
type Kind = 'schema' | 'schemas' | 'value';
const KEYWORDS: Readonly<Record<string, Kind>> = {
  ...keywords('schema', 'additionalProperties propertyNames items contains not if then else'),
  ...keywords('schemas', 'anyOf oneOf allOf prefixItems properties'),
  ...keywords('value', 'type enum const required dependentRequired minimum maximum exclusiveMinimum'),
  ...keywords('value', 'exclusiveMaximum multipleOf minLength maxLength minItems maxItems minProperties'),
  ...keywords('value', 'maxProperties title description default examples $schema $comment'),
};

// What comes first is told, and no more: of a long list that is wrong each item would be a fault of its own.
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  logger: false,
  verbose: true,
});

interface Compiled {
  readonly schema: PayloadSchema;
  readonly validate: ValidateFunction;
  readonly rules: number;
}
/** By the JSON of the schema, that which was used last at the end. */
const kept = new Map<string, Compiled>();

/** What is wrong with a schema that somebody has written: pointers into it. */
export function schemaFaults(value: unknown): PayloadFault[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ pointer: '', detail: 'must be a JSON Schema: an object' }];
  }
  try {
    return faultsOfSize(value) ?? faultsOfShape(value) ?? unknownRules(value, '', 1) ?? compilerFaults(value);
  } catch (error) {
    return [{ pointer: '', detail: `cannot be used: ${(error as Error).message}` }];
  }
}

/** The first rule that a payload breaks of a schema that `schemaFaults` finds no fault with. */
export function faultsByMapping(schema: PayloadSchema, payload: unknown): PayloadFault[] {
  const { validate, rules } = compiled(schema);
  if (countValues(payload, MOST_STEPS / rules) * rules > MOST_STEPS) {
    return [{ pointer: '', detail: 'has too many values to be checked by the rules of its type' }];
  }
  return validate(payload) ? [] : faultsOf(validate.errors ?? []);
}

function compiled(schema: PayloadSchema): Compiled {
  const text = JSON.stringify(schema);
  const known = kept.get(text);
  kept.delete(text);
  const made = known ?? { schema, validate: ajv.compile(schema), rules: countValues(schema) };
  kept.set(text, made);
  const [oldest] = kept;
  if (kept.size > MOST_KEPT && oldest) {
    kept.delete(oldest[0]);
    ajv.removeSchema(oldest[1].schema);
  }
  return made;
}

function faultsOfSize(schema: object): PayloadFault[] | undefined {
  if (JSON.stringify(schema).length <= LONGEST && countValues(schema) <= MOST_RULES) return undefined;
  const detail = `is too large: at most ${LONGEST} characters, and ${MOST_RULES} objects, lists and values`;
  return [{ pointer: '', detail }];
}

/** By the schema of schemas. */
function faultsOfShape(schema: object): PayloadFault[] | undefined {
  if (ajv.validateSchema(schema) === true) return undefined;
  const [first] = ajv.errors ?? [];
  return [{ pointer: first?.instancePath ?? '', detail: first?.message ?? 'is no JSON Schema' }];
}

/**
 * Of rules that are each right what can still be wrong is that they do not go together, as `then` without `if`.
 *
 * @throws Error that says so
 */
function compilerFaults(schema: object): PayloadFault[] {
  try {
    ajv.compile(schema);
    return [];
  } finally {
    ajv.removeSchema(schema);
  }
}

/** `$ref` could lead in circles, and a pattern or `uniqueItems` take for ever. */
function unknownRules(schema: object, pointer: string, depth: number): PayloadFault[] | undefined {
  if (depth > DEEPEST) return [{ pointer, detail: `is below ${DEEPEST} other schemas` }];
  for (const [keyword, value] of Object.entries(schema)) {
    const at = `${pointer}/${escaped(keyword)}`;
    const kind = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (!kind) return [{ pointer: at, detail: 'is no rule that can be used here' }];
    for (const [path, below] of schemasIn(kind, at, value)) {
      const faults = unknownRules(below, path, depth + 1);
      if (faults) return faults;
    }
  }
  return undefined;
}

function schemasIn(kind: Kind, at: string, value: unknown): [pointer: string, schema: object][] {
  if (kind === 'value') return [];
  const all: [string, unknown][] =
    kind === 'schema'
      ? [[at, value]]
      : Object.entries(value as object).map(([name, each]) => [`${at}/${escaped(name)}`, each]);
  // `true` and `false` are schemas, too.
  return all.filter((each): each is [string, object] => typeof each[1] === 'object' && each[1] !== null);
}

/** Objects, lists and values, long texts as several; about so many at most. */
function countValues(value: unknown, most = Infinity): number {
  if (typeof value === 'string') return 1 + value.length / CHARACTERS;
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const each of Object.values(value)) {
    count += countValues(each, most - count);
    if (count > most) break;
  }
  return count;
}

function keywords(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}
