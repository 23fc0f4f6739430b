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

/** Hash: client id → client (JSON). ZSET `<key>:names` has the ids in their order. */
export const CLIENTS_KEY = `${PREFIX}clients`;

/**
 * Hash, for the script that adds tasks: client id → what is let in of it, which begins with the version of the client;
 * `q:<queue>` → how many tasks may be alive in it, only of queues that have a bound.
 */
export const ADMISSION_KEY = `${PREFIX}admission`;

/** Hash: hash of an API key → the id of its client. */
export const API_KEYS_KEY = `${PREFIX}keys`;

/** Hash: hash of an API key → when it was last used, Unix ms, about. */
export const API_KEYS_USED_KEY = `${API_KEYS_KEY}:used`;

/** Hash: client id → which hosts its tasks may call (JSON). Only of clients that may not call all. */
export const DESTINATIONS_KEY = `${PREFIX}destinations`;

/** Hash: client id → what its calls are signed with (JSON). Only of clients that have secrets. */
export const SIGNING_KEY = `${PREFIX}signing`;

/** Sorted set: ids of the clients that have registered themselves, by when they last enqueued, Unix ms, about. */
export const CLIENTS_SEEN_KEY = `${CLIENTS_KEY}:seen`;

/** Hash: name of a tier → its limits (JSON). Of the built-in ones, those that were changed. */
export const TIERS_KEY = `${PREFIX}tiers`;

/** Hash: name of a tier that was changed → the last of its clients that has the new limits, as long as some have not. */
export const TIERS_PENDING_KEY = `${TIERS_KEY}:pending`;

/** Set: the ids of the clients of a tier, in their order. */
export const tierClientsKey = (tier: string): string => `${TIERS_KEY}:clients:${tier}`;

/** Stream: who changed what. */
export const AUDIT_KEY = `${PREFIX}audit`;

/** Hash: id of a worker process → what it said of itself last (JSON). What else is known of it is below this key. */
export const WORKERS_KEY = `${PREFIX}workers`;

/** Stream: the tasks there are, in the order in which they were stored; below it, by id of a client, a stream of its own. */
export const MADE_KEY = `${PREFIX}made`;

/** Stream: the dead letters, in the order in which they died; below it, by fingerprint, one of those that died of the same. */
export const DEAD_KEY = `${PREFIX}dead`;

/** Hash: operation that has cleared dead letters -> which; they are hidden until they are removed, or there again. */
export const CLEARED_KEY = `${PREFIX}cleared`;

/** Hash: how many dead letters an operation has cleared, by fingerprint and by lane. */
export const clearedCountsKey = (operation: string): string => `${CLEARED_KEY}:${operation}`;

/** Sorted set, all scores 0: ids of the operations on many tasks, in the order in which they were asked for. */
export const OPERATIONS_KEY = `${PREFIX}operations`;

/** Hash: an operation, what it is to do and how far it is. */
export const operationKey = (id: string): string => `${PREFIX}operation:${id}`;

/** Stream: what has happened, for as long as somebody wants to know. */
export const EVENTS_KEY = `${PREFIX}events`;

/** Is there as long as somebody wants to know of events. */
export const EVENTS_WANTED_KEY = `${EVENTS_KEY}:wanted`;

/** Is there for a while after a process has told how deep the queues are: one does so for all. */
export const EVENTS_SAMPLED_KEY = `${EVENTS_KEY}:sampled`;

/** A ticket that opens events once, by its hash; has whose it is (JSON). */
export const eventTicketKey = (hash: string): string => `${EVENTS_KEY}:ticket:${hash}`;

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

/** Hash: type of task → what it is mapped to (JSON). Of types that an admin has mapped. */
export const TASK_TYPES_KEY = `${PREFIX}task-types`;

/** Hash: gate → tasks that hold a slot of it. */
export const RUNNING_KEY = `${PREFIX}running`;

/** Sorted set: the tasks that a gate holds back. */
export const parkKey = (gate: string): string => `${PREFIX}park:${gate}`;

/** Hash: gate of a client or a queue → its tasks that have not ended. */
export const ALIVE_KEY = `${PREFIX}alive`;

/** What was counted last of the whole fleet (JSON). */
export const FLEET_FIGURES_KEY = `${PREFIX}figures`;

/** Is there for as long as nobody need count anew. */
export const FLEET_COUNTED_KEY = `${FLEET_FIGURES_KEY}:fresh`;

/** Sorted set, all scores 0: the ids of all schedules, and of those of a client. What else is known of them is beside it. */
export const SCHEDULE_NAMES_KEY = `${PREFIX}schedules:names`;
/** Sorted set: schedules by when somebody has to see to them, Unix ms. */
export const SCHEDULES_DUE_KEY = `${PREFIX}schedules:due`;
export const scheduleNamesKey = (clientId: string): string => `${SCHEDULE_NAMES_KEY}:${clientId}`;
