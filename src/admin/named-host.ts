import { Param, type PipeTransform } from '@nestjs/common';
import { readHost } from '../circuit-breaker/host-name.js';
import { ProblemError } from '../http/problem.js';

/** Reads the host that a path names. */
class ReadHost implements PipeTransform<string, string> {
  transform(text: string): string {
    const host = readHost(text);
    if (host === undefined) throw noSuchHost();
    return host;
  }
}

/** The host that the path names in `{host}`, as every task that calls it has it; a parameter of a route. */
export const NamedHost = (): ParameterDecorator => Param('host', new ReadHost());

/** How the path may name a host, for the description of the API. */
export const HOST_PARAM = {
  name: 'host',
  description:
    'A host: scheme, name and port, percent-encoded, like `https%3A%2F%2Fapi.example.com%3A8443`; or without slashes, like `https:api.example.com:8443`; or without scheme, which is https, but with port 80. The answer names it in full.',
  example: 'https:api.example.com',
};

function noSuchHost(): ProblemError {
  const detail =
    'The path names no host. Name one as https%3A%2F%2Fapi.example.com%3A8443, https:api.example.com:8443 or api.example.com, without * and path.';
  return new ProblemError({ status: 404, code: 'host_not_found', detail });
}
