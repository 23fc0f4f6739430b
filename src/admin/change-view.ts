import { formatTime } from '../time/rfc3339.js';

/** What the API calls otherwise than the records that a change is kept as: of the keys of a client. */
const NAMES: Readonly<Record<string, string>> = { id: 'key_id', shown: 'prefix' };

const TIME = /^(?:since|until)$|[a-z](?:At|Until)$/;
const DURATION = /Ms$/;

/**
 * What is different since a change, as the API shows such things everywhere: names in snake_case, times as RFC 3339,
 * durations in seconds.
 */
export function changeView(change: object): object {
  return valueView(change, '') as object;
}

/** @param name of the member, which says what a number is */
function valueView(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((each) => valueView(each, name));
  if (typeof value === 'number') return numberView(value, name);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  return Object.fromEntries(members.map(([key, member]) => [nameView(key), valueView(member, key)]));
}

function numberView(value: number, name: string): number | string {
  if (TIME.test(name)) return formatTime(value);
  return name.endsWith('Ms') ? value / 1000 : value;
}

function nameView(name: string): string {
  const text = name.replace(DURATION, '').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return NAMES[name] ?? text;
}
