const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What the product adds to the id of something for a task that follows from it: no caller can choose such an id. */
const ADDED = /@[0-9A-Za-z-]{1,32}/;
/** The id of a client. */
export const CLIENT_ID = /^[A-Za-z0-9_-]{3,64}$/;
/** Whose tasks those are that other systems' clients enqueue without saying who they are. Nobody registers it. */
export const ANONYMOUS = 'anonymous';
/** What a caller may choose as the id of a task. */
export const CALLER_ID = /^[A-Za-z0-9_-]{1,128}$/;
const CHOSEN = new RegExp(`^(${unanchored(CLIENT_ID)})\\.${unanchored(CALLER_ID)}(?:${ADDED.source}){0,2}$`);
const FOLLOWING = new RegExp(`^${unanchored(RANDOM)}(?:${ADDED.source}){1,2}$`);

/** Whether a text can be the id of a task at all: a UUID or `<client_id>.<task_id>`, perhaps with what the product adds. */
export function isTaskId(text: string): boolean {
  return RANDOM.test(text) || CHOSEN.test(text) || FOLLOWING.test(text);
}

/** Whether an id was drawn, so that nobody can have chosen it before. */
export function isRandomId(id: string): boolean {
  return RANDOM.test(id);
}

/** The id of a task whose caller chose one: the client in front, so that no client can take another's. */
export function callerTaskId(clientId: string, chosen: string): string {
  return `${clientId}.${chosen}`;
}

/**
 * The id of the task that tells of the end of another one.
 *
 * @param end counts the ends of that task from 1: one that is retried by hand ends again
 */
export function callbackId(taskId: string, end: number): string {
  return `${taskId}@callback${end > 1 ? `-${end}` : ''}`;
}

/** What the id of a schedule among those of all clients looks like. */
export const SCHEDULE_KEY = new RegExp(`^${unanchored(CLIENT_ID)}\\.${unanchored(CALLER_ID)}$`);

/** The id of a schedule among those of all clients. */
export function scheduleKey(clientId: string, scheduleId: string): string {
  return `${clientId}.${scheduleId}`;
}

/**
 * The id of the task of an occurrence: there is one for each time at which the schedule fires.
 *
 * @param at when it fires, Unix milliseconds
 * @param isByHand whether somebody has asked for it instead
 */
export function occurrenceId(key: string, at: number, isByHand = false): string {
  const time = new Date(at).toISOString().replaceAll(/[:.-]/g, '');
  return `${key}@${isByHand ? 'run-' : ''}${time}`;
}

/** The client of a task whose caller chose its id, by that alone; nothing of a random one. */
export function clientInId(id: string): string | undefined {
  return CHOSEN.exec(id)?.[1];
}

function unanchored({ source }: RegExp): string {
  return source.slice(1, -1);
}
