import { Injectable } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { DEAD_KEY, MADE_KEY, PREFIX } from '../../redis/keys.js';
import type { LuaScript } from '../../redis/lua-script.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { clientInId } from '../../task/task-id.js';
import { explanationOf, type RawExplanation, type TaskExplanation } from '../explanation.js';
import { QueueClock } from '../queue-clock.js';
import { scripts } from '../scripts.js';
import { whenAvailable } from '../when-available.js';
import { searchTasks } from '../search/search-tasks.js';
import type { TaskFilter, TaskListQuery } from '../search/task-list.js';
import { type RawTask, snapshotOf } from './snapshot.js';
import { TaskCipher } from '../task-cipher.js';
import { type TaskPage, TaskReader, type TaskSnapshot } from '../task-reader.js';

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

  override list(query: TaskListQuery): Promise<TaskPage> {
    const { cipher, clock } = this;
    return whenAvailable(() =>
      searchTasks(this.connections.producer, query, { now: clock.scriptTime(), cipher }),
    );
  }

  override listLength({ clientId, dead }: TaskFilter): Promise<number> {
    const ofDead = dead?.fingerprint === undefined ? DEAD_KEY : `${DEAD_KEY}:${dead.fingerprint}`;
    const ofTasks = clientId === undefined ? MADE_KEY : `${MADE_KEY}:${clientId}`;
    return whenAvailable(() => this.connections.producer.xlen(dead ? ofDead : ofTasks));
  }

  private run(script: LuaScript, id: string): Promise<unknown> {
    return script.run(this.connections.producer, PREFIX, [this.clock.scriptTime(), id]);
  }
}
