import { fileURLToPath } from 'node:url';
import { type Spawned, start } from './processes.js';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The built product as a process of its own. */
export interface Product extends Spawned {
  readonly url: string;
}

/**
 * Runs `node dist/main.js` and waits for nothing. Clients have no limits but those that a test sets.
 *
 * @param main of another build
 */
export function launchProduct(environment: Record<string, string>, main = MAIN): Spawned {
  const quick = { PORT: '0', BIND_ADDRESS: '127.0.0.1', UNKNOWN_CLIENT_TIER: 'none' };
  const env = { ...process.env, ...quick, ...environment };
  return start(process.execPath, [main], { env });
}

/** Runs `node dist/main.js` and waits until it is ready. */
export async function startProduct(environment: Record<string, string>, main?: string): Promise<Product> {
  const spawned = launchProduct(environment, main);
  const ready = await until(
    () => {
      if (spawned.child.exitCode !== null) throw new Error(`ended early: ${spawned.output()}`);
      return /"url":"([^"]+)","msg":"ready as/.exec(spawned.output());
    },
    { timeoutMs: 20_000 },
  );
  return { ...spawned, url: ready[1] ?? '' };
}

/** Runs it with settings that it must refuse; gives its exit code and what it printed. */
export async function refusedStart(
  environment: Record<string, string>,
): Promise<{ code: unknown; output: string }> {
  const spawned = start(process.execPath, [MAIN], { env: { ...process.env, ...environment } });
  const code = await spawned.ended;
  return { code, output: spawned.output() };
}
