import { applyDecorators, type Type } from '@nestjs/common';
import { IsObject, ValidateNested } from 'class-validator';

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

export interface Instantiated {
  readonly instance: object;
  /** Paths of keys that every object has already, and that would change what class-validator sees. */
  readonly unknown: readonly (readonly string[])[];
}

/** Plain objects as the DTO classes they are to be checked as; the caller's values are taken over untouched. */
export function instantiate(type: Type, value: object): Instantiated {
  const instance = new type() as Record<string, unknown>;
  const unknown: (readonly string[])[] = [];
  for (const [key, child] of Object.entries(value)) {
    if (key in Object.prototype) {
      unknown.push([key]);
      continue;
    }
    const nested = nestedDto(type, key);
    const inner = nested && isPlainObject(child) ? instantiate(nested, child) : undefined;
    instance[key] = inner ? inner.instance : child;
    unknown.push(...(inner?.unknown.map((path) => [key, ...path]) ?? []));
  }
  return { instance, unknown };
}

/** A JSON object: neither a list nor null. */
export function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
