import { LuaScript } from '../redis/lua-script.js';

const script = (name: string): LuaScript => new LuaScript(new URL(`lua/${name}.lua`, import.meta.url));

/** What scripts of others share with these: gates, places, the clock. */
export const INCLUDES = new URL('lua/include/', import.meta.url);

/** The queue's scripts. Each begins with its contract: keys, arguments, what it returns. */
export const scripts = {
  addTasks: script('add-tasks'),
  findReceipt: script('find-receipt'),
  takeTokens: script('take-tokens'),
  step: script('step'),
  findTask: script('find-task'),
  findOwner: script('find-owner'),
  listTasks: script('list-tasks'),
  explainTask: script('explain-task'),
  cancelTask: script('cancel-task'),
  runTask: script('run-task'),
  retryTask: script('retry-task'),
  editTask: script('edit-task'),
  setGate: script('set-gate'),
  keepRecord: script('keep-record'),
  setCircuit: script('set-circuit'),
  sweepCircuits: script('sweep-circuits'),
  renewLocks: script('renew-locks'),
  joinFleet: script('join-fleet'),
  recover: script('recover'),
  prune: script('prune'),
  repair: script('repair'),
};
