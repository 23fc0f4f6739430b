import { applyDecorators, Controller } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from './api-problem.js';

/** A controller of clients, below `/v1`: what its routes have in common in the description of the API. */
export function ClientController(path: string): ClassDecorator {
  return applyDecorators(
    Controller(path),
    ApiTags('tasks'),
    // Any of these: nothing, which is enough where AUTH_MODE is open, a key of a client, or that of the admin.
    ApiSecurity({}),
    ApiSecurity('client'),
    ApiSecurity('client-header'),
    ApiSecurity('admin'),
    ApiProblem(
      401,
      'The API key is wrong (`invalid_api_key`), or there is none and AUTH_MODE requires one (`api_key_required`).',
    ),
    ApiProblem(
      403,
      'The client is disabled (`client_disabled`), or the key is that of another client (`client_mismatch`).',
    ),
    ApiProblem(
      429,
      'Too many requests, or wrong keys, from this sender; Retry-After says when to try again.',
    ),
  );
}
