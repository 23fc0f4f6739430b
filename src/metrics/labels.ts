// What bounds the labels that several metrics have, in words for the catalogue.

export const LANE_LABEL = { priority: 'the four lanes' };
export const TYPE_LABEL = { type: '`http`' };
export const REASON = 'those that the help names';

/** The type of tasks, as a label. */
export const TYPE = 'http';

/** `2xx`, ...; `none` = no answer. */
export function statusClass(status: number | undefined): string {
  return status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
}
