/** As URLs write it. */
const MAPPED = /\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]/;

/**
 * The name of a host at its gate: scheme, host and port, without a port that the scheme has by itself. With a dot at its
 * end a host has another name, and is the same; so it is under an IPv4-mapped address (RFC 4291, 2.5.5.2).
 */
export function hostOf({ origin }: URL): string {
  return usualName(origin);
}

/** A host, or the end of one, as it is at its gate. */
export function usualName(text: string): string {
  return text.replace(/\.(?=:\d+$|$)/, '').replace(MAPPED, (_, high, low) => dotted(`${high}`, `${low}`));
}

function dotted(...words: string[]): string {
  const numbers = words.map((word) => Number.parseInt(word, 16));
  return numbers.flatMap((number) => [number >> 8, number & 0xff]).join('.');
}
