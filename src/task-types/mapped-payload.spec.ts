import { describe, expect, it } from 'vitest';
import { faultsByMapping, schemaFaults } from './mapped-payload.js';
import type { PayloadSchema } from './payload-schema.js';

const told = (faults: readonly { pointer: string; detail: string }[]) =>
  faults.map(({ pointer, detail }) => `${pointer} ${detail}`);
const nested = (levels: number): object => (levels === 0 ? {} : { items: nested(levels - 1) });

describe('a schema that an admin writes', () => {
  it.each<[unknown]>([
    [{}],
    [{ type: 'object', properties: { a: { type: ['string', 'null'], enum: ['x', null] } }, required: ['a'] }],
    [{ items: { anyOf: [{ const: 1 }, { not: { minLength: 3 } }] }, additionalProperties: false }],
    [{ if: { required: ['a'] }, then: { required: ['b'] }, examples: [{ $ref: 'is no rule here' }] }],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', properties: { pattern: true } }],
    [nested(15)],
  ])('%j is taken', (schema) => {
    expect(schemaFaults(schema)).toEqual([]);
  });

  it.each<[unknown, string]>([
    ['text', ' must be a JSON Schema: an object'],
    [[], ' must be a JSON Schema: an object'],
    [{ type: 'objekt' }, '/type must be equal to one of the allowed values'],
    [{ properties: { a: { minLength: -1 } } }, '/properties/a/minLength must be >= 0'],
    [{ items: [{}] }, '/items must be object,boolean'],
    [{ $ref: 'https://a.example/schema' }, '/$ref is no rule that can be used here'],
    [{ properties: { 'a/b': { $ref: '#' } } }, '/properties/a~1b/$ref is no rule that can be used here'],
    [{ anyOf: [{ pattern: '(a+)+$' }] }, '/anyOf/0/pattern is no rule that can be used here'],
    [{ patternProperties: { '(a+)+$': {} } }, '/patternProperties is no rule that can be used here'],
    [{ uniqueItems: true }, '/uniqueItems is no rule that can be used here'],
    [{ constructor: {} }, '/constructor is no rule that can be used here'],
    [{ then: {} }, ' cannot be used: strict mode: "then" without "if" is ignored'],
    [{ $schema: 'http://a.example/' }, ' cannot be used: no schema with key or ref "http://a.example/"'],
    [
      { enum: Array.from({ length: 500 }, (_, at) => at) },
      ' is too large: at most 8192 characters, and 500 objects, lists and values',
    ],
    [
      { description: 'a'.repeat(8192) },
      ' is too large: at most 8192 characters, and 500 objects, lists and values',
    ],
    [nested(16), `${'/items'.repeat(16)} is below 16 other schemas`],
  ])('%j is refused: %s', (schema, fault) => {
    expect(told(schemaFaults(schema))).toEqual([fault]);
  });
});

describe('a payload', () => {
  const schema: PayloadSchema = {
    type: 'object',
    properties: {
      id: { type: 'integer' },
      size: { enum: ['s', 'm'] },
      tags: { type: 'array', items: { type: ['string', 'null'], maxLength: 3 } },
      to: { oneOf: [{ required: ['mail'] }, { required: ['phone'] }] },
    },
    required: ['id'],
    additionalProperties: false,
  };

  it.each<[object, string[]]>([
    [{ id: 7, size: 's', tags: ['a', null], to: { mail: 1 } }, []],
    [{}, ['/id is required']],
    [{ id: 'x' }, ['/id must be an integer']],
    [{ id: 1, size: 'l' }, ['/size must be one of "s", "m"']],
    [{ id: 1, tags: ['a', 2] }, ['/tags/1 must be a string or null']],
    [{ id: 1, to: {} }, ['/to must match exactly one schema in oneOf']],
    [{ id: 1, 'a/b': 1 }, ['/a~1b is not a field of this type']],
  ])('%j has the faults %j', (payload, faults) => {
    expect(told(faultsByMapping(schema, payload))).toEqual(faults);
  });

  it('is told of the first of very many faults only', () => {
    const tags = Array.from({ length: 50_000 }, () => 1);
    expect(told(faultsByMapping(schema, { id: 1, tags }))).toEqual(['/tags/0 must be a string or null']);
  });

  it('is refused when looking at all of it by so many rules would take too long', () => {
    const rules: PayloadSchema = {
      items: { anyOf: [...Array.from({ length: 160 }, (_, at) => ({ const: at + 10 })), {}] },
    };
    expect(schemaFaults(rules)).toEqual([]);
    expect(
      faultsByMapping(
        rules,
        Array.from({ length: 5000 }, () => 1),
      ),
    ).toEqual([]);
    const long = Array.from({ length: 500_000 }, () => 1);
    expect(told(faultsByMapping(rules, long))).toEqual([
      ' has too many values to be checked by the rules of its type',
    ]);
    expect(faultsByMapping({ type: 'array' }, long)).toEqual([]);
    expect(faultsByMapping({ properties: rules.properties ?? {} }, { text: 'a'.repeat(1_000_000) })).toEqual(
      [],
    );
  });
});
