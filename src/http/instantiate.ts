import { applyDecorators, type Type } from '@nestjs/common';
import { getMetadataStorage, IsObject, ValidateNested } from 'class-validator';
import { MAX_ERRORS } from './problem.js';

const NESTED = Symbol('nested DTO');

/** A field that holds an object of another DTO class. */
export function Nested(type: () => Type): PropertyDecorator {
  const remember: PropertyDecorator = (target, property) => {
    Reflect.defineMetadata(NESTED, type, target, property);
  };
  return applyDecorators(IsObject(), ValidateNested(), remember);
}

/** The DTO class of a field that holds an object of one. */
export function nestedDto(type: Type, field: string): Type | undefined {
  const nested = Reflect.getMetadata(NESTED, type.prototype as object, field) as (() => Type) | undefined;
  return nested?.();
}

/** The fields of a DTO class: what validators are written for. */
export function fieldsOf(type: Type): ReadonlySet<string> {
  const known = fieldsByType.get(type);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const fields = new Set(rules.map(({ propertyName }) => propertyName));
  fieldsByType.set(type, fields);
  return fields;
}

const fieldsByType = new Map<Type, ReadonlySet<string>>();

/** Keys that are no fields. A body may hold a million of them: no more are named than anybody is told of. */
export class Strangers {
  readonly named: (readonly string[])[] = [];
  /** How many more there are. */
  unnamed = 0;

  /** @param count how many of the keys are no fields */
  add(parents: readonly string[], keys: readonly string[], fields: ReadonlySet<string>, count: number): void {
    const room = MAX_ERRORS - this.named.length;
    let left = Math.min(room, count);
    this.unnamed += count - left;
    for (const key of keys) {
      if (left === 0) return;
      if (fields.has(key)) continue;
      this.named.push([...parents, key]);
      left--;
    }
  }
}

/** Plain objects as the DTO classes they are to be checked as; the caller's values are taken over untouched. */
export function instantiate(
  type: Type,
  value: object,
  strangers: Strangers,
  parents: readonly string[] = [],
): object {
  const fields = fieldsOf(type);
  const keys = Object.keys(value);
  const own = [...fields].filter((field) => Object.hasOwn(value, field));
  strangers.add(parents, keys, fields, keys.length - own.length);
  const instance = new type() as Record<string, unknown>;
  for (const field of own) {
    const child = (value as Record<string, unknown>)[field];
    const nested = nestedDto(type, field);
    const isNested = nested && isPlainObject(child);
    instance[field] = isNested ? instantiate(nested, child, strangers, [...parents, field]) : child;
  }
  return instance;
}

/** A JSON object: neither a list nor null. */
export function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
