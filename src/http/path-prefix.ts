import type { FastifyServerOptions } from 'fastify';

/**
 * Lets a server also be reached below a path, for a proxy in front of it that hands paths on as they are, as an Ingress
 * does. What comes without the prefix, such as probes, is served all the same.
 *
 * @param prefix like `/task-runner`; empty changes nothing
 */
export function servedBelow(prefix: string): Pick<FastifyServerOptions, 'rewriteUrl'> {
  if (prefix === '') return {};
  return { rewriteUrl: ({ url = '' }) => withoutPrefix(url, prefix) };
}

function withoutPrefix(url: string, prefix: string): string {
  if (!url.startsWith(prefix)) return url;
  const rest = url.slice(prefix.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}
