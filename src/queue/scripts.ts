import { LuaScript } from '../redis/lua-script.js';

const file = (name: string): URL => new URL(`lua/${name}.lua`, import.meta.url);
const script = (name: string): LuaScript => new LuaScript(file(name));
/** Of what somebody has asked for: a repeat of it would be refused. */
const answeredOnce = (name: string): LuaScript => new LuaScript(file(name), { isAnsweredOnce: true });

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
  listDeadGroups: script('list-dead-groups'),
  measureQueues: script('measure-queues'),
  deleteEnded: answeredOnce('delete-ended'),
  explainTask: script('explain-task'),
  cancelTask: answeredOnce('cancel-task'),
  runTask: answeredOnce('run-task'),
  retryTask: answeredOnce('retry-task'),
  editTask: answeredOnce('edit-task'),
  surveyLanes: script('survey-lanes'),
  countParked: script('count-parked'),
  setGate: script('set-gate'),
  keepRecord: answeredOnce('keep-record'),
  setCircuit: answeredOnce('set-circuit'),
  sweepCircuits: answeredOnce('sweep-circuits'),
  renewLocks: script('renew-locks'),
  joinFleet: script('join-fleet'),
  beginPurge: script('begin-purge'),
  takePurged: answeredOnce('take-purged'),
  bringBack: answeredOnce('bring-back'),
  sweepPurged: answeredOnce('sweep-purged'),
  recover: script('recover'),
  takeCallbacks: script('take-callbacks'),
  dropCallbacks: script('drop-callbacks'),
  prune: script('prune'),
  repair: script('repair'),
};
