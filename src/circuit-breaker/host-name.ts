/**
 * The name by which the circuit and the limits of a host are kept: scheme, host and port, as every task that calls it has
 * it. What a URL has besides is left out; what is no http or https URL names no host, and stays as it is.
 */
export function hostName(text: string): string {
  if (!URL.canParse(text)) return text;
  const { origin, protocol } = new URL(text);
  return protocol === 'http:' || protocol === 'https:' ? origin : text;
}
