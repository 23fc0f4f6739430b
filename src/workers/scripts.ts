import { INCLUDES } from '../queue/scripts.js';
import { LuaScript } from '../redis/lua-script.js';

const script = (name: string): LuaScript =>
  new LuaScript(new URL(`lua/${name}.lua`, import.meta.url), INCLUDES);

/** The scripts about workers. Each begins with its contract: keys, arguments, what it returns. */
export const scripts = {
  beatWorker: script('beat-worker'),
  sweepWorkers: script('sweep-workers'),
  callWorker: script('call-worker'),
  holdWorker: script('hold-worker'),
};
