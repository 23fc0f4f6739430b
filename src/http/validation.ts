import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { type FieldError, invalidRequest } from './problem.js';

/**
 * Checks bodies and queries against the validators of their DTO class. Fields that the class does not have are
 * refused, nothing is converted, and every fault is named with a pointer.
 */
export const validation = new ValidationPipe({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
  exceptionFactory: (errors: ValidationError[]) => invalidRequest(errors.flatMap((error) => fieldErrors(error, ''))),
});

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = error.property ? `${parent}/${escape(error.property)}` : parent;
  const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => ({
    pointer,
    detail: detailOf(rule, text, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, pointer))];
}

/** class-validator's texts begin with the property's name, which the pointer says already. */
function detailOf(rule: string, text: string, property: string): string {
  if (rule === 'whitelistValidation') return 'is not a field of this request';
  if (rule === 'unknownValue') return 'must be a JSON object';
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}

/** RFC 6901, section 3. */
function escape(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
