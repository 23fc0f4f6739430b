import type { Redis } from 'ioredis';
import { UnusableRedis } from './connect-fault.js';
import { PREFIX } from './keys.js';
import { LuaScript } from './lua-script.js';

/** What this version makes of the keys in Redis. See docs/adr/0049-layouts-beside-each-other.md. */
export interface Layout {
  /** Raised by one with every change of the keys, or of what is in them. */
  readonly number: number;
  /** The oldest layout whose processes understand what this version writes: beside those it may run. */
  readonly understoodSince: number;
  /** The oldest layout that this version understands. */
  readonly understands: number;
}

export const LAYOUT: Layout = { number: 1, understoodSince: 1, understands: 1 };

const layoutScript = new LuaScript(new URL('lua/layout.lua', import.meta.url));

/**
 * Why this version must not work with what is stored; nothing when it may. The layout is noted then, where Redis takes
 * writes; where it does not, at the next call.
 */
export async function layoutFault(redis: Redis, layout = LAYOUT): Promise<UnusableRedis | undefined> {
  const { number, understoodSince, understands } = layout;
  const answer = await layoutScript
    .run(redis, PREFIX, [number, understoodSince, understands])
    .catch(() => []);
  const [which, stored] = answer as [string?, number?];
  if (which === undefined) return undefined;
  const words =
    which === 'newer'
      ? `Redis holds data of layout ${stored}, and this version knows layouts up to ${number} only: start a newer version.`
      : `Redis holds data of layout ${stored}, and this version knows layouts from ${understands} on only: upgrade to a version between first.`;
  return new UnusableRedis(`${words} Nothing was changed. docs/operating/upgrading.md says more.`, true);
}
