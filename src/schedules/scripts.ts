import { INCLUDES } from '../queue/scripts.js';
import { LuaScript } from '../redis/lua-script.js';

const script = (name: string, isAnsweredOnce = false): LuaScript =>
  new LuaScript(new URL(`lua/${name}.lua`, import.meta.url), { elsewhere: INCLUDES, isAnsweredOnce });

/** The scripts about schedules. Each begins with its contract: keys, arguments, what it returns. */
export const scripts = {
  keepSchedule: script('keep-schedule', true),
  findSchedules: script('find-schedules'),
  dueSchedules: script('due-schedules'),
  claimOccurrences: script('claim-occurrences', true),
  takeOccurrences: script('take-occurrences'),
  settleOccurrence: script('settle-occurrence'),
};
