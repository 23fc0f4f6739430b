import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { Allow, IsDefined, IsInt, IsOptional, IsString, ValidateIf, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { CompiledDto } from './compiled-dto.js';
import { Nested } from './instantiate.js';

class Inner {
  @IsInt()
  n!: number;
}

class Outer {
  @IsDefined()
  @Nested(() => Inner)
  inner!: Inner;

  @IsOptional()
  @Nested(() => Inner)
  other?: Inner | null;

  @IsString()
  why!: string;

  @Allow()
  any?: unknown;
}

class Plain {
  any?: unknown;
}

class WithLists {
  @IsDefined({ each: true })
  list!: number[];
}

class WithChoice {
  @IsInt({ validateIf: () => false })
  n!: number;
}

class WithCondition {
  @ValidateIf(() => true)
  @IsDefined()
  n!: number;
}

class WithForeignNesting {
  @ValidateNested()
  inner!: Inner;
}

const accept = (type: Type, value: unknown) => CompiledDto.of(type).accept(value);

describe('CompiledDto', () => {
  it('makes instances, also of what is nested, and keeps the values', () => {
    const any = { constructor: 1 };
    const accepted = accept(Outer, { inner: { n: 1 }, why: 'x', any }) as Outer;
    expect(accepted).toBeInstanceOf(Outer);
    expect(accepted.inner).toBeInstanceOf(Inner);
    expect(accepted.inner.n).toBe(1);
    expect(accepted.any).toBe(any);
  });

  it.each([
    [{ inner: { n: 1 }, why: 'x' }],
    [{ inner: { n: 1 }, why: 'x', other: null }],
    [{ inner: { n: 1 }, why: 'x', other: { n: 2 } }],
    [{ inner: { n: 1 }, why: 'x', any: null }],
  ])('accepts %j', (value) => {
    expect(accept(Outer, value)).toBeDefined();
  });

  it.each([
    [null],
    [[]],
    ['x'],
    [{}],
    [{ why: 'x' }],
    [{ inner: { n: 1 } }],
    [{ inner: { n: 1 }, why: null }],
    [{ inner: null, why: 'x' }],
    [{ inner: [], why: 'x' }],
    [{ inner: { n: 1.5 }, why: 'x' }],
    [{ inner: {}, why: 'x' }],
    [{ inner: { n: 1, x: 1 }, why: 'x' }],
    [{ inner: { n: 1 }, why: 'x', x: undefined }],
    [{ inner: { n: 1 }, why: 'x', other: {} }],
    [{ inner: { n: 1 }, why: 'x', other: [] }],
    [{ inner: { n: 1 }, why: 'x', constructor: 1 }],
    [{ inner: { n: 1 }, why: 'x', hasOwnProperty: 1 }],
    [JSON.parse('{"inner":{"n":1},"why":"x","__proto__":{}}')],
  ])('leaves %j to class-validator', (value) => {
    expect(accept(Outer, value)).toBeUndefined();
  });

  it('leaves what it does not understand to class-validator', () => {
    expect(accept(WithLists, { list: [null] })).toBeUndefined();
    expect(accept(WithChoice, { n: 1 })).toBeUndefined();
    expect(accept(WithCondition, { n: 1 })).toBeUndefined();
    expect(accept(WithForeignNesting, { inner: { n: 1 } })).toBeUndefined();
  });

  it('knows which classes have rules', () => {
    expect([Outer, Plain].map((type) => CompiledDto.of(type).hasRules)).toEqual([true, false]);
  });
});
