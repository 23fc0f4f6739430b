import { applyDecorators, Controller } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';

/** A controller below `/admin`: what its routes have in common in the description of the API. */
export function AdminController(path: string): ClassDecorator {
  return applyDecorators(
    Controller(`admin/${path}`),
    ApiTags('admin'),
    ApiSecurity('admin'),
    ApiProblem(401, 'X-Admin-Key is missing or wrong.'),
    ApiProblem(429, 'Too many wrong keys from this address; Retry-After says when to try again.'),
    ApiProblem(503, 'Redis does not answer, or the admin API is closed.'),
  );
}
