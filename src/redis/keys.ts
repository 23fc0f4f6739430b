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

/** Hash: client id → what the store holds the client to when it enqueues, for the scripts. */
export const ADMISSION_KEY = `${PREFIX}admission`;

/** Hash: name of a queue → what is set for it (JSON). Of the lanes, those for which something was set. */
export const QUEUES_KEY = `${PREFIX}queues`;

/** Hash: name of a queue → how long its tasks are kept, for the scripts. Only of queues that have a rule of their own. */
export const RETENTION_KEY = `${PREFIX}retention`;

/** Hash: name of a queue → how many of its tasks may be alive, for the scripts. Only of queues that have a bound. */
export const MAX_ALIVE_KEY = `${PREFIX}max_alive`;

/** Hash: what the completed history occupies, and how much of it was evicted. */
export const HISTORY_KEY = `${PREFIX}history`;
