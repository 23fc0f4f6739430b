import { type FieldError, invalidRequest, type ProblemError } from '../http/problem.js';
import { compileDestinations, type Destinations } from '../net/destinations.js';
import type { Client } from './client.js';

/** Compiled once for each version of a client. */
const compiled = new WeakMap<Client, Destinations>();

/**
 * What speaks against the addresses that a client wants to have called; nothing when it may.
 *
 * @param urls as they are written, each by the pointer to it
 */
export function destinationRefusal(
  client: Client | undefined,
  urls: Readonly<Record<string, string>>,
): ProblemError | undefined {
  const policy = client?.record.destinations;
  if (!policy) return undefined;
  const destinations = compiled.get(client) ?? compileDestinations(policy);
  compiled.set(client, destinations);
  const faults = Object.entries(urls).flatMap(([pointer, url]) => faultOf(destinations, pointer, url) ?? []);
  return faults.length > 0 ? invalidRequest(faults) : undefined;
}

/** What is no URL is told with everything else that is wrong with the task. */
function faultOf(destinations: Destinations, pointer: string, url: string): FieldError | undefined {
  if (!URL.canParse(url)) return undefined;
  const target = new URL(url);
  const refusal = destinations.refusal(target);
  return refusal === undefined
    ? undefined
    : { pointer, detail: `must not point to ${target.host}: the host ${refusal}` };
}
