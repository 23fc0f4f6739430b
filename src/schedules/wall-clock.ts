const MINUTE_MS = 60_000;
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
function wallMinutes(at: number, timeZone: string): number {
  const parts = formatIn(timeZone).formatToParts(at);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute')) / MINUTE_MS;
}

/** By how much clocks in a zone are ahead of UTC, milliseconds. */
export function offsetMs(at: number, timezone: string): number {
  return timezone === 'UTC' ? 0 : (wallMinutes(at, timezone) - Math.floor(at / MINUTE_MS)) * MINUTE_MS;
}

/** That clocks are set: at which moment, and what they are ahead of UTC before it and behind it, milliseconds. */
export interface ClockChange {
  readonly at: number;
  readonly before: number;
  readonly behind: number;
}

/** Whether clocks in a zone are set between two times, of which no zone has two changes; if not, what they are ahead of UTC. */
export function changeBetween(
  from: number,
  to: number,
  timezone: string,
): ClockChange | { readonly offset: number } {
  const [before, behind] = [offsetMs(from, timezone), offsetMs(to, timezone)];
  if (before === behind) return { offset: before };
  let [low, high] = [Math.floor(from / MINUTE_MS), Math.ceil(to / MINUTE_MS)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(middle * MINUTE_MS, timezone) === before) low = middle;
    else high = middle;
  }
  return { at: high * MINUTE_MS, before, behind };
}
