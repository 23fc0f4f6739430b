/** The version of a client that is in no record. Nothing holds it but what holds all. */
export const UNRECORDED = '0';

/** Where the bound of a queue lies beside the rules of the clients: no client has a colon in its id. */
export function queueField(name: string): string {
  return `q:${name}`;
}
