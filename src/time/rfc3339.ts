const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** An RFC 3339 time (with its zone) as Unix milliseconds; nothing for any other text or an impossible date. */
export function parseTime(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match || Number(match[3]) > daysIn(Number(match[1]), Number(match[2]))) return undefined;
  // V8 refuses impossible hours, minutes, months and offsets, but lets 31 April roll over.
  const ms = Date.parse(text.toUpperCase());
  return Number.isNaN(ms) ? undefined : ms;
}

export function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
