import { INCLUDES } from '../queue/scripts.js';
import { LuaScript } from '../redis/lua-script.js';

const file = (name: string): URL => new URL(`lua/${name}.lua`, import.meta.url);
const script = (name: string): LuaScript => new LuaScript(file(name), { elsewhere: INCLUDES });
/** Of what somebody has asked for, or what must not be counted twice. */
const answeredOnce = (name: string): LuaScript =>
  new LuaScript(file(name), { elsewhere: INCLUDES, isAnsweredOnce: true });

/** The scripts about operations. Each begins with its contract: keys, arguments, what it returns. */
export const scripts = {
  beginOperation: script('begin-operation'),
  claimOperation: script('claim-operation'),
  advanceOperation: answeredOnce('advance-operation'),
  wantOfOperation: answeredOnce('want-of-operation'),
};
