import { Injectable } from '@nestjs/common';
import { otherClient } from '../../clients/client-problems.js';
import { readPageLimit } from '../../http/page-limit.js';
import type { Principal } from '../../http/principal.js';
import { DepthGauge } from '../../queue/gauges/depth-gauge.js';
import { TaskNews } from '../../queue/task-news.js';
import { type Cancelled, TaskQueue } from '../../queue/task-queue.js';
import { TaskReader, type TaskSnapshot } from '../../queue/task-reader.js';
import { isTaskId } from '../../task/task-id.js';
import { nextCursor, placeAt, POSITION } from '../../http/cursor.js';
import { readFilter } from '../../tracking/read-filter.js';
import type { ListTasksQuery } from '../../tracking/task-filter.dto.js';
import { taskNotFound } from '../../tracking/task-problems.js';
import { depthWords } from './depth-words.js';
import type { GoTasks } from './task-queue-go.dto.js';
import { goTask } from './task-words.js';

/** What is behind the routes of Task Queue Go. */
@Injectable()
export class TaskDesk {
  constructor(
    private readonly queue: TaskQueue,
    private readonly reader: TaskReader,
    private readonly news: TaskNews,
    private readonly gauge: DepthGauge,
  ) {}

  /** @throws ProblemError when there is none */
  async find(id: string): Promise<TaskSnapshot> {
    const snapshot = isTaskId(id) ? await this.reader.find(id) : undefined;
    if (!snapshot) throw taskNotFound();
    return snapshot;
  }

  async depths(): Promise<GoTasks> {
    return depthWords(await this.gauge.count());
  }

  /** @throws ProblemError for what the query must not say */
  async list({ limit, cursor, ...fields }: ListTasksQuery, principal: Principal): Promise<GoTasks> {
    const filter = readFilter(fields);
    const own = principal.kind === 'client' ? principal.clientId : undefined;
    if (own !== undefined && (filter.clientId ?? own) !== own) throw otherClient(own);
    const { tasks, next } = await this.reader.list({
      filter: own === undefined ? filter : { ...filter, clientId: own },
      limit: readPageLimit(limit),
      after: placeAt(cursor, POSITION),
    });
    return {
      tasks: tasks.map(goTask),
      total_count: tasks.length,
      next_cursor: nextCursor(next),
    };
  }

  /** @throws ProblemError when there is none */
  async cancel(id: string): Promise<Cancelled> {
    const result = await this.queue.cancel(id);
    if (result === 'unknown') throw taskNotFound();
    if (result === 'cancelled') {
      const { task } = await this.find(id);
      this.news.tell({ kind: 'cancelled', task });
    }
    return result;
  }
}
