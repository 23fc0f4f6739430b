import { applyDecorators, Controller, UseInterceptors } from '@nestjs/common';
import { ApiHeader, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblem } from '../http/api-problem.js';
import { SendsEtag } from '../http/etag.js';

type View = abstract new () => object;

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

/**
 * A route that answers 200 with one thing and its entity tag.
 *
 * @param sends of a thing whose tag is not of all of it
 */
export function AnswersWithEtag(type: View, sends = new SendsEtag()): MethodDecorator {
  const etag = {
    schema: { type: 'string' as const },
    description: 'Another one for everything that is different.',
  };
  return applyDecorators(UseInterceptors(sends), ApiResponse({ status: 200, type, headers: { ETag: etag } }));
}

/** A route that creates or changes something, on the conditions of `If-Match` and `If-None-Match`. */
export function CreatesOrChanges(): MethodDecorator {
  const description = '`*`: create it only if it is not there. Not required.';
  return applyDecorators(ApiHeader({ name: 'If-None-Match', required: false, description }), Conditional());
}

/** A route that changes something, on the condition of `If-Match` when that is sent. */
export function Conditional(): MethodDecorator {
  const description = 'Change it only if it still has this ETag, or `*`: only if it is there. Not required.';
  return applyDecorators(
    ApiHeader({ name: 'If-Match', required: false, description }),
    ApiProblem(
      412,
      'It is another one by now, or there is none, and If-Match names another ETag; or If-None-Match says that it must not be there.',
    ),
  );
}
