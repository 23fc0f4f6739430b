/** What a Redis says of itself in `INFO replication`. */
export interface ReplicationInfo {
  readonly isMaster: boolean;
  /** Names the writes it holds (`master_replid`): those of its master. One that becomes a master begins a history of its own. */
  readonly history: string;
  /** The history that a former replica continues (`master_replid2`): that of the master whose place it took. */
  readonly continued: string;
  /** How far it is in its history, bytes. */
  readonly offset: number;
  /** Its own replicas that are in step, by their addresses. One that is still being sent everything is not among them. */
  readonly replicas: ReadonlyMap<string, Follower>;
}

/** Where a server is, as it announces itself: as Sentinel will name it when it is the master. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export const addressOf = ({ host, port }: Address): string => `${host}:${port}`;

/** A replica as its master sees it. */
interface Follower extends Address {
  /** How far it has said that it is in the master's history, bytes. */
  readonly offset: number;
  /** How long ago it said so, whole seconds. */
  readonly silentSec: number;
}

const FIELD = /^(role|master_replid2?|master_repl_offset|slave_repl_offset):(.*?)\r?$/gm;
/** The lag is -1 now and then: Redis takes the time from two clocks, one of which is some milliseconds late. */
const FOLLOWER = /^slave\d+:ip=(.+?),port=(\d+),state=online,offset=(\d+),lag=(-?\d+)/gm;

/** @param text the answer to `INFO replication` */
export function readReplicationInfo(text: string): ReplicationInfo {
  const fields: Record<string, string | undefined> = {};
  for (const [, name = '', value] of text.matchAll(FIELD)) fields[name] = value;
  const isMaster = fields['role'] === 'master';
  return {
    isMaster,
    history: fields['master_replid'] ?? '',
    continued: fields['master_replid2'] ?? '',
    offset: Number(fields[isMaster ? 'master_repl_offset' : 'slave_repl_offset']),
    replicas: new Map([...text.matchAll(FOLLOWER)].map(readFollower)),
  };
}

function readFollower([, host = '', port, offset, lag]: RegExpExecArray): [address: string, Follower] {
  const follower = { host, port: Number(port), offset: Number(offset), silentSec: Math.max(0, Number(lag)) };
  return [addressOf(follower), follower];
}
