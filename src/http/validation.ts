import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { CompiledDto } from './compiled-dto.js';
import { instantiate, isPlainObject, Strangers } from './instantiate.js';
import { jsonPointer } from './json-pointer.js';
import { type FieldError, invalidRequest } from './problem.js';

const REQUIRED = new WeakSet<object>();

/** Of a body that replaces what was there: one that was forgotten must not be taken for one that sets nothing. */
export const RequiredBody: ClassDecorator = (dto) => {
  REQUIRED.add(dto);
};

/**
 * Checks bodies and queries against the validators of their DTO class. Fields that the class does not have are
 * refused, nothing is converted, and every field that is wrong is named with a pointer.
 *
 * Nest's own pipe is not used: it and class-transformer drop keys such as `constructor` from the caller's data, at
 * any depth and without a word, so that a task's JSON would arrive changed.
 */
@Injectable()
export class RequestValidation implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !metatype) return value;
    const dto = CompiledDto.of(metatype);
    if (!dto.hasRules) return value;
    return value === undefined ? withoutBody(metatype) : validated(metatype, value);
  }
}

/** Where every field may be left out, the body may be, too. */
function withoutBody(dto: Type): object {
  return (REQUIRED.has(dto) ? undefined : CompiledDto.of(dto).accept({})) ?? checked(dto, undefined);
}

/**
 * A value as an instance of a DTO class.
 *
 * @throws ProblemError with every field that is at fault
 */
export function validated<T extends object>(dto: Type<T>, value: unknown): T {
  return (CompiledDto.of(dto).accept(value) ?? checked(dto, value)) as T;
}

/** @throws ProblemError with every field that class-validator finds at fault */
export function checked(dto: Type, value: unknown): object {
  if (!isPlainObject(value)) throw invalidRequest([{ pointer: '', detail: 'must be a JSON object' }]);
  const strangers = new Strangers();
  const instance = instantiate(dto, value, strangers);
  const errors = validateSync(instance, { forbidUnknownValues: true });
  const faults = [...strangers.named.map(unknownField), ...errors.flatMap((error) => fieldErrors(error, ''))];
  if (faults.length > 0) throw invalidRequest(faults, strangers.unnamed);
  return instance;
}

function unknownField(path: readonly string[]): FieldError {
  return { pointer: jsonPointer(path), detail: 'is not a field of this request' };
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}${jsonPointer([error.property])}`;
  const fault = firstFault(error);
  if (fault !== undefined) return [{ pointer, detail: fault }];
  return (error.children ?? []).flatMap((child) => fieldErrors(child, pointer));
}

/** Rules about the type: what else is wrong with a value of another type says nothing. */
const TYPE_RULES = ['isDefined', 'isString', 'isText', 'isInt', 'isObject', 'isStringMap'];

/** What to tell of all the rules a value breaks: its type first, else the rule that is written first. */
function firstFault({ constraints, value, property }: ValidationError): string | undefined {
  if (!constraints) return undefined;
  if (value === undefined) return 'is required';
  const type = TYPE_RULES.find((rule) => rule in constraints);
  const text = type ? constraints[type] : Object.values(constraints).at(-1);
  return withoutName(text ?? 'is wrong', property);
}

/** class-validator's texts begin with the property's name, which the pointer says already. */
function withoutName(text: string, property: string): string {
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
