/**
 * Paths of a log line that may hold a secret, whatever puts them there. Log lines are built from named fields, without
 * headers, bodies and query strings; this is the net below that.
 */
export const REDACTED_PATHS: readonly string[] = [
  ...['authorization', 'cookie', '"x-admin-key"', '"x-api-key"', '"proxy-authorization"'].flatMap((name) => [
    path('req.headers', name),
    path('headers', name),
    path('*.headers', name),
  ]),
  'headers["set-cookie"]',
  '*.headers["set-cookie"]',
  'password',
  '*.password',
  'body',
  '*.body',
];

function path(parent: string, name: string): string {
  return name.startsWith('"') ? `${parent}[${name}]` : `${parent}.${name}`;
}

/** A URL as it may be logged: without credentials, query and fragment, which are where secrets travel. */
export function loggableUrl(url: string): string {
  const end = url.search(/[?#]/);
  const plain = end < 0 ? url : url.slice(0, end);
  return plain.replace(/^(https?:\/\/)[^/]*@/i, '$1');
}
