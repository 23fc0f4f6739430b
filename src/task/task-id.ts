const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CHOSEN = /^([A-Za-z0-9_-]{3,64})\.[A-Za-z0-9_-]{1,128}$/;

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
