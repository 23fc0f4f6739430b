import type { Redis } from 'ioredis';
import type { RedisMetric } from '../metrics/redis-metric.js';
import { scriptNameOf } from './lua-script.js';

/** They wait for something to happen: that they take long says nothing. */
const BLOCKING = new Set(['bzpopmin', 'xread', 'subscribe']);

type Command = Parameters<Redis['sendCommand']>[0];

/** Tells the metric of every command of a connection how long its answer took. */
export function measureCommands(redis: Redis, metric: RedisMetric): void {
  const send = redis.sendCommand.bind(redis);
  // What could not be sent at once comes by again.
  const known = new WeakSet<Command>();
  redis.sendCommand = (command, ...rest) => {
    if (!known.has(command)) {
      known.add(command);
      measure(command, metric);
    }
    return send(command, ...rest);
  };
}

function measure(command: Command, metric: RedisMetric): void {
  const operation = operationOf(command);
  if (operation === undefined) return;
  const since = performance.now();
  command.promise.then(
    () => {
      metric.answered(operation, performance.now() - since);
    },
    (error: unknown) => {
      if (!isUnknownScript(error)) metric.failed(operation);
    },
  );
}

/** The name of the command, or of the script: all of them stand in the code, so that there are few. */
function operationOf({ name, args }: Command): string | undefined {
  if (BLOCKING.has(name) || isIntroduction(name, args[0])) return undefined;
  return name === 'evalsha' ? scriptNameOf(String(args[0])) : name;
}

/** ioredis tells each server what it is called; those before 7.2 refuse it, and nothing is wrong. */
function isIntroduction(name: string, what: unknown): boolean {
  return name === 'client' && String(what).toUpperCase() === 'SETINFO';
}

/** Is sent then, see `LuaScript`. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}
