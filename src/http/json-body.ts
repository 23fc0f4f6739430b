import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from './problem.js';

/** So little that whatever walks through a body may recurse. Counted on the bytes, in one pass, before the parser runs. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `{` and `}`; without the bit of `LOWER` they are `[` and `]`. */
const OPENING = 0x7b;
const CLOSING = 0x7d;
const LOWER = 0x20;

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Makes the server read JSON and nothing else: UTF-8 (RFC 8259, section 8.1), no content coding, no more than
 * `MAX_DEPTH` levels, no `__proto__` keys. Everything else is refused before parsing costs anything. An empty body is none:
 * many programs always name a type.
 */
export function readJsonBodies(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      const text = checkedText(request, body as Buffer);
      if (text === '') {
        done(null);
        return;
      }
      void parse(request, text, (error: Error | null, value?: unknown) => {
        done(error ? invalidJson(whyNot(text)) : null, value);
      });
    } catch (error) {
      done(error as Error);
    }
  });
}

function checkedText(request: FastifyRequest, body: Buffer): string {
  requireUtf8(request.headers['content-type'] ?? '');
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') {
    const detail = `Content-Encoding ${JSON.stringify(coding)} is not supported; send the body as it is.`;
    throw new ProblemError({ status: 415, code: 'unsupported_content_encoding', detail });
  }
  if (nestsDeeperThan(body, MAX_DEPTH)) {
    throw invalidJson(`it nests deeper than ${MAX_DEPTH} levels`);
  }
  if (!isUtf8(body)) throw invalidJson('it is not UTF-8');
  const text = body.toString();
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/** JSON has no other encoding (RFC 8259, section 8.1): what another one is named for would be read as other characters. */
function requireUtf8(contentType: string): void {
  if (contentType === 'application/json') return;
  const charsets = [...contentType.matchAll(/;\s*charset\s*=\s*"?([^";\s]*)/gi)].map(([, name = '']) => name);
  const other = charsets.find((name) => !/^utf-?8$/i.test(name));
  if (other === undefined) return;
  const detail = `Charset ${JSON.stringify(other)} is not supported; send JSON as UTF-8.`;
  throw new ProblemError({ status: 415, code: 'unsupported_charset', detail });
}

/** Why the parser refused a text; it says the same of bad JSON and of keys that it does not let through. */
function whyNot(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return 'it cannot be parsed';
  }
  return 'a key "__proto__" is not accepted, and neither is "constructor" with "prototype" below it';
}

function invalidJson(why: string): ProblemError {
  return new ProblemError({
    status: 400,
    code: 'invalid_json',
    detail: `The body is not acceptable JSON: ${why}`,
  });
}

/** Whether brackets outside of strings nest deeper than `limit`. */
export function nestsDeeperThan(json: Uint8Array, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = endOfString(json, at);
    else if ((byte | LOWER) === OPENING) depth++;
    else if ((byte | LOWER) === CLOSING) depth--;
    if (depth > limit) return true;
  }
  return false;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
