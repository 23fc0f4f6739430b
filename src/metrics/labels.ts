// What bounds the labels that several metrics have, in words for the catalogue.

export const LANE_LABEL = { priority: 'the four lanes' };
export const TYPE_LABEL = { type: 'types that are built in, or mapped by an admin' };
export const REASON = 'those that the help names';

/** `2xx`, ...; `none` = no answer. */
export function statusClass(status: number | undefined): string {
  return status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
}
