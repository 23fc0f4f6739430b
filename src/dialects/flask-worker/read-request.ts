import { isPlainObject } from '../../http/instantiate.js';
import { ProblemError } from '../../http/problem.js';

/** What a request may say besides, in the words of `POST /v1/enqueue`. */
const EXTRAS = ['client_id', 'queue', 'delay', 'scheduled_at', 'max_retries', 'timeout', 'metadata'] as const;

/**
 * The body of `POST /tasks` as one of `POST /v1/enqueue`, of which nothing else was checked yet.
 *
 * @throws ProblemError with the words and the status of Task Queue Worker
 */
export function readRequest(body: unknown): Record<string, unknown> {
  if (!isPlainObject(body) || !('type' in body)) throw refused(400, 'Type task is required');
  const request = body as Readonly<Record<string, unknown>>;
  const { type, data } = request;
  const isEmail = typeof type === 'string' && type.toLowerCase() === 'email';
  if (isEmail) requireEmail(data);
  const extras = EXTRAS.flatMap((name) => (request[name] === undefined ? [] : [[name, request[name]]]));
  return {
    ...(Object.fromEntries(extras) as object),
    type: isEmail ? 'email' : type,
    ...(data !== undefined && data !== null && { payload: data }),
  };
}

function requireEmail(data: unknown): void {
  if (!isPlainObject(data) || Object.keys(data).length === 0)
    throw refused(400, "Property 'data' is required");
  const { recipient, content } = data as Readonly<Record<string, unknown>>;
  if (isEmpty(recipient)) throw refused(400, "Expecting property 'recipient' in 'data'");
  if (isEmpty(content)) throw refused(400, "Expecting property 'content' in 'data'");
  if (typeof recipient !== 'string' || typeof content !== 'string') {
    throw refused(422, "Expecting property 'content' in 'data'");
  }
}

/** As Python has it. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function refused(status: number, detail: string): ProblemError {
  return new ProblemError({ status, code: 'invalid_request', detail });
}
