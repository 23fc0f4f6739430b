import type { TracingSettings } from '../config/tracing-settings.js';

type Endpoints = Pick<TracingSettings, 'endpoint' | 'tracesEndpoint' | 'exporter' | 'isDisabled'>;

/** Where traces are sent to; nothing when there is to be no tracing. */
export function tracesUrl({ endpoint, tracesEndpoint, exporter, isDisabled }: Endpoints): string | undefined {
  if (isDisabled || exporter === 'none') return undefined;
  if (tracesEndpoint !== '') return withScheme(tracesEndpoint);
  return endpoint === '' ? undefined : `${withScheme(endpoint).replace(/\/+$/, '')}/v1/traces`;
}

/** `host:4318` means http. */
function withScheme(text: string): string {
  return /^https?:\/\//i.test(text) ? text : `http://${text}`;
}

/** `name=value,other=value`, percent-encoded: the form of the variables of OpenTelemetry (W3C Baggage without properties). */
export function readPairs(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))]];
  });
  return Object.fromEntries(pairs);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}
