/** Below these are the routes of clients: those of this product, and those of the systems whose words it speaks. */
export const CLIENT_ROUTES: readonly string[] = ['/v1', '/tasks', '/queue', '/api/v1'];

/** Below these are the routes about tasks; those of one task call its id `id`. */
export const TASK_ROUTES: readonly string[] = ['/v1/tasks', '/tasks', '/api/v1/tasks'];

/** Whether a route is one of these, or below one. */
export function isBelow(route: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => route === prefix || route.startsWith(`${prefix}/`));
}
