// The API's description, out of the app as it is built, without listening and without a Redis.
import { halvesOf } from '../../../dist/app/roles.js';
import { createApp } from '../../../dist/app/create-app.js';
import { openApiDocument } from '../../../dist/app/documentation.js';
import { Config } from '../../../dist/config/config.js';
import { RedisConnections } from '../../../dist/redis/redis-connections.js';
import { canonicalJson } from './canonical-json.mjs';

/** Nothing listens here; a Redis of the machine must not be touched. */
const NOWHERE = { host: '127.0.0.1', port: 1 };

/**
 * @returns {Promise<string>} the OpenAPI document as JSON text, with its keys in alphabetical order
 */
export async function openApi() {
  const config = new Config();
  Object.assign(config.service, { mode: 'api', logLevel: 'error' });
  Object.assign(config.redis, NOWHERE);
  const app = await createApp(config, await halvesOf('api'));
  const text = canonicalJson(openApiDocument(app));
  await app.get(RedisConnections).close();
  await app.close();
  return text;
}
