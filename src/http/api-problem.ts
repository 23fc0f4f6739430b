import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { Problem } from './problem.js';

type MethodOrClassDecorator = MethodDecorator & ClassDecorator;

/**
 * Documents an error of a route as a problem document.
 *
 * @param other what the same status also answers, as plain JSON
 */
export function ApiProblem(status: number, description: string, other?: Type): MethodOrClassDecorator {
  const models = other ? [Problem, other] : [Problem];
  const content = {
    'application/problem+json': { schema: { $ref: getSchemaPath(Problem) } },
    ...(other && { 'application/json': { schema: { $ref: getSchemaPath(other) } } }),
  };
  return applyDecorators(ApiExtraModels(...models), ApiResponse({ status, description, content }));
}
