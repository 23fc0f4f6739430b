import { type ArgumentMetadata, Injectable, type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldError, invalidRequest } from './problem.js';

/**
 * Checks bodies and queries against the validators of their DTO class. Fields that the class does not have are
 * refused, nothing is converted, and every field that is wrong is named with a pointer.
 */
@Injectable()
class RequestValidation extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (metadata.type === 'body' && !isObject) {
      throw invalidRequest([{ pointer: '', detail: 'must be a JSON object' }]);
    }
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

export const validation = new RequestValidation({
  transform: true,
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  exceptionFactory: (errors: ValidationError[]) =>
    invalidRequest(errors.flatMap((error) => fieldErrors(error, ''))),
});

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}/${escape(error.property)}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, text]) => ({
    pointer,
    detail: error.value === undefined ? 'is required' : detailOf(rule, text, error.property),
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, pointer))];
}

/** class-validator's texts begin with the property's name, which the pointer says already. */
function detailOf(rule: string, text: string, property: string): string {
  if (rule === 'whitelistValidation') return 'is not a field of this request';
  return text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
}

/** RFC 6901, section 3. */
function escape(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
