import { hash } from 'node:crypto';
import {
  type CallHandler,
  createParamDecorator,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { ProblemError } from './problem.js';

/** A strong entity tag (RFC 9110, section 8.8.3): another one for everything that is shown otherwise. */
export function etagOf(view: object): string {
  return `"${hash('sha256', JSON.stringify(view), 'base64url').slice(0, 22)}"`;
}

/** Answers with the entity tag of what the route returns. */
export class SendsEtag implements NestInterceptor<object, object> {
  intercept(context: ExecutionContext, next: CallHandler<object>): Observable<object> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((view) => {
        void reply.header('etag', etagOf(view));
        return view;
      }),
    );
  }
}

/** What `If-Match` of a request asks for (RFC 9110, section 13.1.1). */
export class Precondition {
  constructor(private readonly wanted: string | undefined) {}

  /**
   * @param view what is there now, as a GET shows it; nothing when there is nothing
   * @throws ProblemError 412 when that is not what the request is about
   */
  require(view: object | undefined): void {
    if (this.wanted === undefined || (view && this.allows(view))) return;
    throw new ProblemError({
      status: 412,
      code: 'precondition_failed',
      detail: 'It was changed since, or is gone: If-Match names another ETag. GET it, and decide again.',
    });
  }

  private allows(view: object): boolean {
    const tags = (this.wanted ?? '').split(',').map((tag) => tag.trim());
    return tags.includes('*') || tags.includes(etagOf(view));
  }
}

/** The precondition of a request, as a parameter of a route. */
export const IfMatch = createParamDecorator((_data: unknown, context: ExecutionContext): Precondition => {
  return new Precondition(context.switchToHttp().getRequest<FastifyRequest>().headers['if-match']);
});
