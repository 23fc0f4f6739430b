const MINUTE_MS = 60_000;
/** No zone sets its clocks by more (Antarctica/Troll by two hours). */
export const MOST_SHIFT_MS = 3 * 60 * MINUTE_MS;

const formats = new Map<string, Intl.DateTimeFormat>();
/** There are some six hundred zones, and each format takes some 50 kB. */
const MOST_FORMATS = 100;

function formatIn(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  if (formats.size >= MOST_FORMATS) formats.clear();
  const fields = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...fields });
  formats.set(timeZone, format);
  return format;
}

/** What clocks show in a zone, as minutes since 1970. */
export function wallMinutes(at: number, timeZone: string): number {
  const parts = formatIn(timeZone).formatToParts(at);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) / MINUTE_MS;
}

/** By how much clocks in a zone are ahead of UTC, minutes. */
export function offsetMinutes(at: number, timezone: string): number {
  return wallMinutes(at, timezone) - Math.floor(at / MINUTE_MS);
}
