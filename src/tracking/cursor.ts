import { invalidRequest } from '../http/problem.js';

/** A place in a list, as clients get it: nothing that they could build on. */
export function cursorOf(place: string): string {
  return Buffer.from(place).toString('base64url');
}

/**
 * The place that a cursor stands for.
 *
 * @param shape what such places look like
 * @throws ProblemError when it stands for none
 */
export function placeAt(cursor: string | null | undefined, shape: RegExp): string | undefined {
  if (cursor === undefined || cursor === null) return undefined;
  const place = Buffer.from(cursor, 'base64url').toString();
  if (shape.test(place)) return place;
  throw invalidRequest([{ pointer: '/cursor', detail: 'must be the next_cursor of a page' }]);
}
