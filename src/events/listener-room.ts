import type { Audience } from './event-filter.js';

/** Of all places, for one client: its connections must not keep every other one's out. */
const SHARE_OF_A_CLIENT = 1 / 2;
/** Of all places, for admins alone: they have to see something when clients take all that they can get. */
const SHARE_OF_ADMINS = 1 / 10;

/**
 * Whether one more may listen at a process.
 *
 * @param present who listens already
 * @param most how many may, in all
 */
export function isRoomFor(audience: Audience, present: readonly Audience[], most: number): boolean {
  if (audience.kind === 'all') return present.length < most;
  const { clientId } = audience;
  const own = present.filter((each) => each.kind === 'client' && each.clientId === clientId).length;
  return present.length < mostOfClients(most) && own < Math.max(1, Math.floor(most * SHARE_OF_A_CLIENT));
}

/** One place alone is kept for nobody. */
function mostOfClients(most: number): number {
  return most > 1 ? most - Math.ceil(most * SHARE_OF_ADMINS) : most;
}
