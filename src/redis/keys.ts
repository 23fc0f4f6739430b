/**
 * Every key of the product begins with this. The hash tag keeps them all in one slot, which is what lets one script
 * touch any of them, on Redis Cluster too. BullMQ adds its own `:`.
 */
export const KEY_TAG = '{tr}';
export const PREFIX = `${KEY_TAG}:`;

/** Wakes the dispatchers that serve a lane; BullMQ's own name. */
export const markerKey = (lane: string): string => `${PREFIX}${lane}:marker`;

/** Wakes one dispatcher: a running task of its has to be aborted. */
export const signalKey = (token: string): string => `${PREFIX}signal:${token}`;

/** Hash: client id → client (JSON). */
export const CLIENTS_KEY = `${PREFIX}clients`;

/** Hash: name of a queue → what is set for it (JSON). Of the lanes, those for which something was set. */
export const QUEUES_KEY = `${PREFIX}queues`;

/** Hash: name of a queue → how long its tasks are kept, for the scripts. Only of queues that have a rule of their own. */
export const RETENTION_KEY = `${PREFIX}retention`;

/** Hash: what the completed history occupies, and how much of it was evicted. */
export const HISTORY_KEY = `${PREFIX}history`;

/** Hash: host → its circuit, for the scripts. Only of hosts that there is something against. */
export const CIRCUITS_KEY = `${PREFIX}circuits`;

/** Sorted set, all scores 0: hosts whose circuit is not closed. */
export const OPEN_CIRCUITS_KEY = `${PREFIX}circuits:open`;

/** Hash: host → what it may be asked (JSON). Of hosts for which something was set. */
export const HOSTS_KEY = `${PREFIX}hosts`;

/** Hash: gate → tasks that hold a slot of it. */
export const RUNNING_KEY = `${PREFIX}running`;

/** Sorted set: the tasks that a gate holds back. */
export const parkKey = (gate: string): string => `${PREFIX}park:${gate}`;
