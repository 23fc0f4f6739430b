import { INCLUDES } from '../queue/scripts.js';
import { LuaScript } from '../redis/lua-script.js';

const script = (name: string): LuaScript =>
  new LuaScript(new URL(`lua/${name}.lua`, import.meta.url), INCLUDES);

/** The scripts about clients. Each begins with its contract: keys, arguments, what it returns. */
export const scripts = {
  findClient: script('find-client'),
  keepClient: script('keep-client'),
  forgetClients: script('forget-clients'),
  noteKeyUse: script('note-key-use'),
  keepTier: script('keep-tier'),
  applyTier: script('apply-tier'),
};
