import { client } from './client.mjs';
import { host } from './host.mjs';
import { overview } from './overview.mjs';
import { queue } from './queue.mjs';
import { redis } from './redis.mjs';

const FOLDER = 'charts/task-runner/dashboards';

/** Every dashboard: path to content. */
export function dashboards() {
  const all = { overview, queue, client, host, redis };
  return Object.fromEntries(
    Object.entries(all).map(([name, content]) => [
      `${FOLDER}/${name}.json`,
      `${JSON.stringify(content, null, 2)}\n`,
    ]),
  );
}
