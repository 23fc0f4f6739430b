import type { StoredEvent } from './event.js';

const written = new WeakMap<StoredEvent, string>();

/**
 * An event with what the clients of Task Queue Go look for, `timestamp` and `data`, beside what this product says. They say
 * nothing of themselves when they connect, so that whoever has not spoken our words gets both.
 */
export function inBothWords(event: StoredEvent): string {
  const known = written.get(event);
  if (known !== undefined) return known;
  const text = `${event.json.slice(0, -1)},${JSON.stringify(theirs(event)).slice(1)}`;
  written.set(event, text);
  return text;
}

function theirs({ json }: StoredEvent): object {
  const members = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const ours = ['id', 'type', 'time'];
  const data = Object.fromEntries(Object.entries(members).filter(([name]) => !ours.includes(name)));
  return { timestamp: members['time'], data: { ...data, ...depthsOf(members['lanes']) } };
}

/** Of `queue.depth`: by the names of their priorities, how many wait. */
function depthsOf(lanes: unknown): object {
  if (typeof lanes !== 'object' || lanes === null) return {};
  const depths = Object.entries(lanes as Readonly<Record<string, { readonly wait?: number }>>).map(
    ([lane, { wait = 0 }]) => [lane === 'default' ? 'normal' : lane, wait],
  );
  return { depths: Object.fromEntries(depths) as object };
}
