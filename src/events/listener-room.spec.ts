import { describe, expect, it } from 'vitest';
import type { Audience } from './event-filter.js';
import { isRoomFor } from './listener-room.js';

const admin: Audience = { kind: 'all' };
const client = (clientId: string): Audience => ({ kind: 'client', clientId, keyHash: 'k' });

/** How many of them get in, one after the other, until one does not. */
function fill(most: number, present: readonly Audience[], audience: Audience): Audience[] {
  const all = [...present];
  while (all.length <= most && isRoomFor(audience, all, most)) all.push(audience);
  return all;
}

describe('the room for listeners', () => {
  it.each([
    { most: 200, own: 100, clients: 180 },
    { most: 20, own: 10, clients: 18 },
    { most: 3, own: 1, clients: 2 },
    { most: 2, own: 1, clients: 1 },
    { most: 1, own: 1, clients: 1 },
    { most: 0, own: 0, clients: 0 },
  ])(
    'of $most: $own for one client, $clients for all of them, and all for admins',
    ({ most, own, clients }) => {
      const first = fill(most, [], client('a'));
      expect(first).toHaveLength(own);
      const three = fill(most, fill(most, first, client('b')), client('c'));
      expect(three).toHaveLength(clients);
      expect(fill(most, three, admin)).toHaveLength(most);
      expect(fill(most, [], admin)).toHaveLength(most);
    },
  );
});
