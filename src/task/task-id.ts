/** The id of a task whose caller chose one: the client in front, so that no client can take another's. */
export function callerTaskId(clientId: string, chosen: string): string {
  return `${clientId}.${chosen}`;
}
