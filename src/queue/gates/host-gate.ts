/**
 * The name of a host at its gate: scheme, host and port, without a port that the scheme has by itself. With a dot at its
 * end a host has another name, and is the same.
 */
export function hostOf({ origin }: URL): string {
  return origin.replace(/\.(?=:\d+$|$)/, '');
}
