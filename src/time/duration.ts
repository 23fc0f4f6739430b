const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/**
 * A duration as the API writes it, in milliseconds: a number is seconds (fractions allowed), a text is `"500ms"`,
 * `"10s"`, `"5m"`, `"2h"`. Anything else, a negative or an endless one gives nothing.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return finite(value * 1000);
  if (typeof value !== 'string') return undefined;
  const match = TEXT.exec(value);
  return match ? finite(Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? NaN)) : undefined;
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) && ms >= 0 ? Math.round(ms) : undefined;
}
