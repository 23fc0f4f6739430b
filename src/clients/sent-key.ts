import type { IncomingHttpHeaders } from 'node:http';

/** Stands for keys that do not agree; no key is like it. */
export const SEVERAL_KEYS = 'several';

/** The API key that a request came with; {@link SEVERAL_KEYS} when headers do not agree. */
export function sentKey(headers: IncomingHttpHeaders): string | undefined {
  const { authorization, 'x-api-key': apiKey, 'x-client-key': clientKey } = headers;
  if (authorization === undefined && apiKey === undefined && clientKey === undefined) return undefined;
  const given = [bearerToken(authorization), apiKey, clientKey].flat();
  const keys = new Set(given.filter((key) => key !== undefined));
  return keys.size > 1 ? SEVERAL_KEYS : [...keys][0];
}

/** RFC 6750, section 2.1. Of other schemes nothing is known here. */
function bearerToken(authorization = ''): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}
