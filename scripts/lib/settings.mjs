/**
 * Whether `npm start` brings a Redis server of its own: unless the user names one, or wants none.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {boolean}
 */
export function wantsEmbeddedRedis(env) {
  const named = ['REDIS_SENTINEL_ADDR', 'REDIS_URL', 'REDIS_ADDRESS', 'REDIS_ADDR', 'REDIS_HOST'];
  return !forbidsEmbeddedRedis(env) && !named.some((name) => env[name]);
}

/**
 * @param {Record<string, string | undefined>} env
 * @returns {boolean} whether the user forbids a Redis server of our own (REDIS_EMBEDDED=never)
 */
export function forbidsEmbeddedRedis(env) {
  return env.REDIS_EMBEDDED === 'never';
}
