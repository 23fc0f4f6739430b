/** As URLs write it. */
const MAPPED = /\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]/;

/**
 * The name of a host at its gate: scheme, host and port, without a port that the scheme has by itself. With a dot at its
 * end a host has another name, and is the same; so it is under an IPv4-mapped address (RFC 4291, 2.5.5.2).
 */
export function hostOf({ origin }: URL): string {
  return usualName(origin);
}

/** An origin that is written as every parser writes it: what follows has no say in it. */
const PLAIN_ORIGIN = /^https?:\/\/[a-z\d.:-]+(?=[/?#]|$)/;
const MOST_KNOWN = 1000;

/** By their text, because parsing a URL takes longer than all else that is done with it. */
const known = new Map<string, string>();

/** The same of a URL as text, valid and absolute. */
export function hostOfUrl(url: string): string {
  const origin = PLAIN_ORIGIN.exec(url)?.[0];
  if (origin === undefined) return hostOf(new URL(url));
  return known.get(origin) ?? remember(origin, hostOf(new URL(origin)));
}

function remember(origin: string, host: string): string {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(origin, host);
  return host;
}

/** A host, or the end of one, as it is at its gate. */
export function usualName(text: string): string {
  return text.replace(/\.(?=:\d+$|$)/, '').replace(MAPPED, (_, high, low) => dotted(`${high}`, `${low}`));
}

function dotted(...words: string[]): string {
  const numbers = words.map((word) => Number.parseInt(word, 16));
  return numbers.flatMap((number) => [number >> 8, number & 0xff]).join('.');
}
