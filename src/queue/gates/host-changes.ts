import type { CircuitChange } from '../../task/host-verdict.js';

/** A circuit has opened, may be probed, or has closed. */
export interface HostChange {
  /** An origin. */
  readonly host: string;
  readonly to: CircuitChange;
  /** Of an open one: when it may be probed, Unix milliseconds; nothing = not before somebody says so. */
  readonly until?: number;
  /** Why it is not closed: the status or code of the last failure, or what whoever has opened it says. */
  readonly note: string;
}

const VALUES = 4;

/** What the scripts return as `changes`. */
export function parseChanges(values: readonly string[]): HostChange[] {
  const changes: HostChange[] = [];
  for (let at = 0; at < values.length; at += VALUES) {
    const [host = '', to, until = '', note = ''] = values.slice(at, at + VALUES);
    changes.push({ host, to: to as CircuitChange, ...(until !== '' && { until: Number(until) }), note });
  }
  return changes;
}

/**
 * Tells whoever wants to know that a circuit has changed. Every change is told once, in the process that made it: to a
 * worker by the turn in which it happened, to an API by what somebody asked of it.
 */
export class HostChanges {
  private readonly listeners = new Set<(change: HostChange) => void>();

  /** @returns what ends it */
  subscribe(listener: (change: HostChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(changes: readonly HostChange[]): void {
    for (const change of changes) for (const listener of this.listeners) listener(change);
  }
}
