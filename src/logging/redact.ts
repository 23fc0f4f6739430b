/** Names of fields that hold secrets, wherever in a log line they stand. Lower case. */
const SECRET = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-admin-key',
  'x-api-key',
  'x-client-key',
  'password',
  'sentinelpassword',
  'apikey',
  'body',
]);
/** Deeper than this nothing is logged on purpose. */
const DEPTH = 5;

/**
 * A log line without what is secret in it. Lines are built from named fields, without headers, bodies and query
 * strings; this is the net below that. A line without objects in it comes back as it is: that is nearly all of them, and
 * pino's own redaction, which looks for every path in every line, took a fifth of a busy worker's time.
 */
export function redacted(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const safe = SECRET.has(name.toLowerCase()) ? '[Redacted]' : safeValue(value, depth);
    if (safe !== value) (copy ??= { ...fields })[name] = safe;
  }
  return copy ?? fields;
}

function safeValue(value: unknown, depth: number): unknown {
  // Errors have a serialiser of their own.
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (depth === DEPTH) return '[Too deep]';
  if (Array.isArray(value)) return value.map((item) => safeValue(item, depth + 1));
  return redacted(value as Record<string, unknown>, depth + 1);
}

/** What is told of an error. A client of Redis hangs the command with all its values on its errors, tasks included. */
export function loggableError(error: Error & { code?: unknown; type?: unknown }): Record<string, unknown> {
  const { message, stack, code, type = error.constructor.name } = error;
  return { type, message, stack, ...(code !== undefined && { code }) };
}

/** A URL as it may be logged: without credentials, query and fragment, which are where secrets travel. */
export function loggableUrl(url: string): string {
  const end = url.search(/[?#]/);
  const plain = end < 0 ? url : url.slice(0, end);
  return plain.replace(/^((?:https?:)?\/\/)[^/]*@/i, '$1');
}

/** The same without its path, which holds secrets, too, where a URL is a capability (as those of webhooks are). */
export function loggableOrigin(url: string): string {
  return /^[^/]*\/\/[^/?#]*/.exec(loggableUrl(url))?.[0] ?? '';
}
