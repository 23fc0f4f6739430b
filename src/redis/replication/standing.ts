import type { ReplicationInfo } from './replication-info.js';

/**
 * Where somebody who was seen as a replica stands to what a master was told:
 *
 * - `has`: it is in step with the master and has it;
 * - `lacks`: it is no master, and cannot be shown to have it;
 * - `silent`: it does not answer;
 * - `promoted`: it is a master now, by the side of ours or in its place: what only ours was told will be lost;
 * - `ours`: it is the master itself, since a failover before;
 * - `replaced`: it was the master before ours, and has not been told yet.
 */
export type Standing = 'has' | 'lacks' | 'silent' | 'promoted' | 'ours' | 'replaced';

/**
 * @param answer what it says of itself, after the master was told; nothing = it does not answer
 * @param master what our master says of itself
 * @param offset how far the master's history was when it had been told, bytes
 */
export function standingOf(
  answer: ReplicationInfo | undefined,
  master: ReplicationInfo,
  offset: number,
): Standing {
  if (!answer) return 'silent';
  if (answer.isMaster) return standingOfMaster(answer, master);
  // Offsets mean something within one history only.
  return answer.history === master.history && answer.offset >= offset ? 'has' : 'lacks';
}

function standingOfMaster({ history }: ReplicationInfo, master: ReplicationInfo): Standing {
  if (history === master.history) return 'ours';
  return history === master.continued ? 'replaced' : 'promoted';
}
