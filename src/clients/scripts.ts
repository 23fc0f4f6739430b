import { INCLUDES } from '../queue/scripts.js';
import { LuaScript } from '../redis/lua-script.js';

const file = (name: string): URL => new URL(`lua/${name}.lua`, import.meta.url);
const script = (name: string): LuaScript => new LuaScript(file(name), { elsewhere: INCLUDES });
/** Of what somebody has asked for: a repeat of it would be refused. */
const answeredOnce = (name: string): LuaScript =>
  new LuaScript(file(name), { elsewhere: INCLUDES, isAnsweredOnce: true });

/** The scripts about clients. Each begins with its contract: keys, arguments, what it returns. */
export const scripts = {
  findClient: script('find-client'),
  keepClient: answeredOnce('keep-client'),
  forgetClients: script('forget-clients'),
  noteKeyUse: script('note-key-use'),
  keepTier: answeredOnce('keep-tier'),
  applyTier: script('apply-tier'),
};
