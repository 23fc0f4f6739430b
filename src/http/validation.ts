import { type ArgumentMetadata, Injectable, type PipeTransform, type Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import { instantiate, isDto, isPlainObject } from './instantiate.js';
import { jsonPointer } from './json-pointer.js';
import { type FieldError, invalidRequest } from './problem.js';

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
    const isChecked = (type === 'body' || type === 'query') && metatype && isDto(metatype);
    return isChecked ? checked(metatype, value) : value;
  }
}

function checked(dto: Type, value: unknown): object {
  if (!isPlainObject(value)) throw invalidRequest([{ pointer: '', detail: 'must be a JSON object' }]);
  const { instance, unknown } = instantiate(dto, value);
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
  });
  const faults = [...unknown.map(unknownField), ...errors.flatMap((error) => fieldErrors(error, ''))];
  if (faults.length > 0) throw invalidRequest(faults);
  return instance;
}

const NOT_A_FIELD = 'is not a field of this request';

function unknownField(path: readonly string[]): FieldError {
  return { pointer: jsonPointer(path), detail: NOT_A_FIELD };
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}${jsonPointer([error.property])}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => ({
    pointer,
    detail: error.value === undefined ? 'is required' : detailOf(rule, text, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, pointer))];
}

/** class-validator's texts begin with the property's name, which the pointer says already. */
function detailOf(rule: string, text: string, property: string): string {
  if (rule === 'whitelistValidation') return NOT_A_FIELD;
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}
