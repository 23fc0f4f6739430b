import { Pool } from 'undici';

/**
 * @param {number} connections of each origin
 * @returns {(url: string) => { pool: Pool, path: string }}
 */
export function pools(connections) {
  const byOrigin = new Map();
  return (url) => {
    const { origin, pathname, search } = new URL(url);
    let pool = byOrigin.get(origin);
    if (!pool) byOrigin.set(origin, (pool = new Pool(origin, { connections })));
    return { pool, path: pathname + search };
  };
}
