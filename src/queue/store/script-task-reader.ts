import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { PREFIX } from '../../redis/keys.js';
import type { LuaScript } from '../../redis/lua-script.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import type { Attempt } from '../../task/attempt.js';
import type { TaskState } from '../../task/task-state.js';
import { clientInId } from '../../task/task-id.js';
import { explanationOf, type RawExplanation, type TaskExplanation } from '../explanation.js';
import { QueueClock } from '../queue-clock.js';
import { readAttempt, readTask } from '../read-task.js';
import { scripts } from '../scripts.js';
import { whenAvailable } from '../when-available.js';
import { standInFor } from './stand-in.js';
import { TaskCipher } from '../task-cipher.js';
import { TaskReader, type TaskSnapshot } from '../task-reader.js';

type RawTask = [state: TaskState, due: string, fields: string[]];

@Injectable()
export class ScriptTaskReader extends TaskReader {
  private readonly cipher: TaskCipher;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
    private readonly clock: QueueClock,
  ) {
    super();
    this.cipher = new TaskCipher(config);
  }

  override find(id: string): Promise<TaskSnapshot | undefined> {
    return whenAvailable(async () => {
      const raw = (await this.run(scripts.findTask, id)) as RawTask | null;
      return raw ? snapshotOf(id, raw, this.cipher) : undefined;
    });
  }

  override ownerOf(id: string): Promise<string | undefined> {
    const chosen = clientInId(id);
    if (chosen !== undefined) return Promise.resolve(chosen);
    return whenAvailable(async () => ((await this.run(scripts.findOwner, id)) as string | null) ?? undefined);
  }

  override explain(id: string): Promise<TaskExplanation | undefined> {
    return whenAvailable(async () => {
      const raw = (await this.run(scripts.explainTask, id)) as RawExplanation | null;
      return raw ? explanationOf(raw) : undefined;
    });
  }

  private run(script: LuaScript, id: string): Promise<unknown> {
    return script.run(this.connections.producer, PREFIX, [this.clock.scriptTime(), id]);
  }
}

function snapshotOf(id: string, [state, due, values]: RawTask, cipher: TaskCipher): TaskSnapshot {
  const fields = byName(values);
  const read = readTask(id, fields.get('data') ?? '');
  const stored = read ?? standInFor(id, fields);
  return {
    task: cipher.open(stored),
    stored,
    ...(!read && { isUnreadable: true }),
    state,
    attemptsMade: Number(fields.get('atm') ?? 0),
    attempts: attemptsIn(fields),
    ...(due !== '' && { nextAttemptAt: Number(due) }),
    ...ending(state, fields),
  };
}

function byName(values: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < values.length; at += 2) fields.set(values[at] ?? '', values[at + 1] ?? '');
  return fields;
}

function ending(state: TaskState, fields: ReadonlyMap<string, string>): Partial<TaskSnapshot> {
  const finishedOn = fields.get('finishedOn');
  if (finishedOn === undefined) return {};
  const reason = fields.get('failedReason') ?? '';
  return { finishedAt: Number(finishedOn), ...(state === 'dead_letter' && { deadLetterReason: reason }) };
}

function attemptsIn(fields: ReadonlyMap<string, string>): Attempt[] {
  return [...fields]
    .filter(([name]) => name.startsWith('a:'))
    .map(([, text]) => readAttempt(text))
    .filter((attempt) => attempt !== undefined)
    .toSorted((one, other) => one.startedAt - other.startedAt);
}
