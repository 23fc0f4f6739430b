import { invalidRequest } from './problem.js';

/** What a place in a stream looks like; before 1970 there is none. */
export const POSITION = /^[1-9]\d{0,14}-\d{1,15}$/;

/** Where the next page begins, as clients get it: nothing that they could build on. `null` when there is none. */
export function nextCursor(place: string | undefined): string | null {
  return place === undefined ? null : cursorOf(place);
}

function cursorOf(place: string): string {
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
  // Readers of base64 skip what is none.
  if (shape.test(place) && cursorOf(place) === cursor) return place;
  throw invalidRequest([{ pointer: '/cursor', detail: 'must be the next_cursor of a page' }]);
}
