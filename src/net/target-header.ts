/** At most this many headers per task. */
export const MAX_HEADERS = 100;
/** Limit over all names and values of a task together, in bytes as sent (latin1). */
export const MAX_HEADERS_BYTES = 16 * 1024;

/** A header that cannot be sent; the reason completes "The header ...". */
export interface HeaderFault {
  readonly name: string;
  readonly reason: string;
}

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 5.5: visible characters, space, tab, and the upper half of latin1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const HOP = 'belongs to the connection and is set by the sender';
const FRAMING = 'is computed from the body and set by the sender';
const METADATA = 'opens cloud metadata services and is never sent';

const REFUSED = new Map([
  ['host', 'is taken from the URL'],
  ['content-length', FRAMING],
  ['transfer-encoding', FRAMING],
  ['trailer', FRAMING],
  ['connection', HOP],
  ['keep-alive', HOP],
  ['te', HOP],
  ['upgrade', HOP],
  ['http2-settings', HOP],
  ['expect', 'is not supported'],
  ['accept-encoding', 'is not supported: answers are never decompressed'],
  ['metadata', METADATA],
  ['metadata-flavor', METADATA],
  ['x-google-metadata-request', METADATA],
  ['x-metadata-token', METADATA],
]);

/** The `…-ttl-seconds` variants go with their names, hence prefixes. */
const REFUSED_PREFIXES: readonly (readonly [string, string])[] = [
  ['proxy-', HOP],
  ['x-task-', 'is set by the sender on every delivery'],
  ['x-aws-ec2-metadata-token', METADATA],
  ['x-aliyun-ecs-metadata-token', METADATA],
];

/**
 * Whether a task may carry a header.
 *
 * @returns nothing, or a reason that completes "The header ..."
 */
export function checkTargetHeader(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return "must have a name of letters, digits and !#$%&'*+-.^_`|~ only";
  const lower = name.toLowerCase();
  const refused = REFUSED.get(lower) ?? refusedByPrefix(lower);
  if (refused !== undefined) return refused;
  return VALUE.test(value)
    ? undefined
    : 'must have a value of latin1 characters without line breaks or controls';
}

function checkUnseen(name: string, seen: Set<string>): string | undefined {
  const isKnown = seen.has(name.toLowerCase());
  seen.add(name.toLowerCase());
  return isKnown ? 'is there already, in another spelling' : undefined;
}

function refusedByPrefix(lower: string): string | undefined {
  // Targets that speak CGI, WSGI or PHP know `X_Task_Id` and `X-Task-Id` as one and the same.
  const name = /^x[-_]task[-_]/.test(lower) ? lower.replaceAll('_', '-') : lower;
  return REFUSED_PREFIXES.find(([prefix]) => name.startsWith(prefix))?.[1];
}

/** All faults of a task's headers: each one's own, then the count and the size of them together. */
export function checkTargetHeaders(headers: readonly (readonly [string, string])[]): HeaderFault[] {
  const faults: HeaderFault[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for (const [index, [name, value]] of headers.entries()) {
    if (index === MAX_HEADERS) {
      faults.push({ name, reason: `is one more than the ${MAX_HEADERS} allowed` });
      break;
    }
    const reason = checkTargetHeader(name, value) ?? checkUnseen(name, seen);
    if (reason !== undefined) faults.push({ name, reason });
    const before = bytes;
    bytes += name.length + value.length;
    if (before <= MAX_HEADERS_BYTES && bytes > MAX_HEADERS_BYTES) {
      faults.push({ name, reason: `takes the headers over ${MAX_HEADERS_BYTES} bytes together` });
    }
  }
  return faults;
}
