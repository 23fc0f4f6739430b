/** The built-in priorities, most urgent first. */
export const LANES = ['critical', 'high', 'default', 'low'] as const;
export type Lane = (typeof LANES)[number];

/** Names a client may write for a lane: each lane's own, and `normal` for `default`. */
const LANE_BY_NAME: ReadonlyMap<string, Lane> = new Map([
  ...LANES.map((lane) => [lane, lane] as const),
  ['normal', 'default'] as const,
]);

/** The lane a name stands for, or nothing when it names none. */
export function laneNamed(name: string): Lane | undefined {
  return LANE_BY_NAME.get(name);
}

/** Every name `laneNamed` knows, for error texts. */
export const LANE_NAMES: readonly string[] = [...LANE_BY_NAME.keys()];
