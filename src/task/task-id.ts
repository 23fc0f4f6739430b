const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The id of a client. */
export const CLIENT_ID = /^[A-Za-z0-9_-]{3,64}$/;
/** Whose tasks those are that other systems' clients enqueue without saying who they are. Nobody registers it. */
export const ANONYMOUS = 'anonymous';
/** What a caller may choose as the id of a task. */
export const CALLER_ID = /^[A-Za-z0-9_-]{1,128}$/;
const CHOSEN = new RegExp(`^(${unanchored(CLIENT_ID)})\\.${unanchored(CALLER_ID)}$`);

/** Whether a text can be the id of a task at all: a UUID, or `<client_id>.<task_id>`. */
export function isTaskId(text: string): boolean {
  return RANDOM.test(text) || CHOSEN.test(text);
}

/** Whether an id was drawn, so that nobody can have chosen it before. */
export function isRandomId(id: string): boolean {
  return RANDOM.test(id);
}

/** The id of a task whose caller chose one: the client in front, so that no client can take another's. */
export function callerTaskId(clientId: string, chosen: string): string {
  return `${clientId}.${chosen}`;
}

/** The client of a task whose caller chose its id, by that alone; nothing of a random one. */
export function clientInId(id: string): string | undefined {
  return CHOSEN.exec(id)?.[1];
}

function unanchored({ source }: RegExp): string {
  return source.slice(1, -1);
}
