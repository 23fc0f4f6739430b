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
  /** @param tagged what of it is to be the same for the tag to be the same */
  constructor(private readonly tagged: (view: object) => object = (view) => view) {}

  intercept(context: ExecutionContext, next: CallHandler<object>): Observable<object> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((view) => {
        void reply.header('etag', etagOf(this.tagged(view)));
        return view;
      }),
    );
  }
}

/** What `If-Match` and `If-None-Match` of a request ask for (RFC 9110, sections 13.1.1 and 13.1.2). */
export class Precondition {
  /** @param unwanted of `If-None-Match`; `*` = it is to be created, not changed */
  constructor(
    private readonly wanted: string | undefined,
    private readonly unwanted?: string,
  ) {}

  /**
   * @param view what is there now, as a GET shows it; nothing when there is nothing
   * @param isThere whether that was set by somebody, where a GET shows something in any case
   * @throws ProblemError 412 when that is not what the request is about
   */
  require(view: object | undefined, isThere = view !== undefined): void {
    const etag = view && etagOf(view);
    if (this.wanted !== undefined && !names(this.wanted, etag)) throw failed(CHANGED);
    if (this.unwanted !== undefined && isThere && names(this.unwanted, etag)) throw failed(IS_THERE);
  }
}

/** Whether `*` or one of some tags is that of what is there. */
function names(condition: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  const tags = condition.split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.includes(etag);
}

const CHANGED = 'It was changed since, or is gone: If-Match names another ETag. GET it, and decide again.';
const IS_THERE = 'It is there already, and If-None-Match says that it must not be. GET it, and decide again.';

function failed(detail: string): ProblemError {
  return new ProblemError({ status: 412, code: 'precondition_failed', detail });
}

/** The precondition of a request, as a parameter of a route. */
export const IfMatch = createParamDecorator((_data: unknown, context: ExecutionContext): Precondition => {
  const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
  return new Precondition(headers['if-match'], headers['if-none-match']);
});
