import type { ReplicationInfo } from './replication-info.js';

/**
 * Where somebody who was seen as a replica stands to what a master was told:
 *
 * - `has`: it is in step with the master and has it;
 * - `lacks`: it is in the master's history, and cannot be shown to have it;
 * - `elsewhere`: it is in the history of another master, or of none yet;
 * - `silent`: it does not answer, and may have been made a master;
 * - `gone`: it does not answer, and can hardly have been made one;
 * - `promoted`: it is a master now, by the side of ours or in its place: what only ours was told will be lost;
 * - `ours`: it is the master itself, since a failover before;
 * - `replaced`: it was the master before ours, and has not been told yet.
 */
export type Standing = 'has' | 'lacks' | 'elsewhere' | Absence | 'promoted' | 'ours' | 'replaced';

export type Absence = 'silent' | 'gone';

/**
 * @param answer what it says of itself, after the master was told; or why it does not
 * @param master what our master says of itself
 * @param offset how far the master's history was when it had been told, bytes
 */
export function standingOf(
  answer: ReplicationInfo | Absence,
  master: ReplicationInfo,
  offset: number,
): Standing {
  if (typeof answer === 'string') return answer;
  if (answer.isMaster) return standingOfMaster(answer, master);
  // Offsets mean something within one history only.
  if (answer.history !== master.history) return 'elsewhere';
  return answer.offset >= offset ? 'has' : 'lacks';
}

function standingOfMaster({ history }: ReplicationInfo, master: ReplicationInfo): Standing {
  if (history === master.history) return 'ours';
  return history === master.continued ? 'replaced' : 'promoted';
}
