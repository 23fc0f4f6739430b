import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../http/principal.js';
import { runId, scheduleKey } from '../task/task-id.js';
import { Clock } from '../time/clock.js';
import type { Asked } from './read-schedule.js';
import { edited, isSame, ScheduleDesk } from './schedule-desk.js';
import type { ScheduleEdit, ScheduleRequest } from './schedule.dto.js';
import {
  scheduleChanged,
  scheduleExists,
  scheduleNotFound,
  scheduleSealed,
  tooManySchedules,
  tooManyWaiting,
} from './schedule-problems.js';
import { ScheduleSecrets } from './schedule-secrets.js';
import { ScheduleStore } from './schedule-store.js';
import type { Definition, Progress, Schedule } from './schedule.js';
import { nextFiring } from './timing.js';

/** So often a change is made anew because somebody else, or the schedule itself, was faster. */
const TRIES = 10;

type Change = (before: Schedule) => Promise<Pick<Schedule, 'definition' | 'progress'>>;

/** What may be done with schedules. All of it throws ProblemError and QueueUnavailable. */
@Injectable()
export class Schedules {
  constructor(
    private readonly store: ScheduleStore,
    private readonly desk: ScheduleDesk,
    private readonly secrets: ScheduleSecrets,
    private readonly clock: Clock,
  ) {}

  /**
   * The same request again is answered with what there is.
   *
   * @param depth how many tasks in a row led to it
   */
  async create(request: ScheduleRequest, principal: Principal, depth: number): Promise<Schedule> {
    const asked = this.desk.named(request, principal);
    const key = scheduleKey(asked.client_id, asked.schedule_id);
    const before = await this.store.find(key);
    if (before) return this.same(before, asked);
    const now = this.clock.now();
    const read = await this.desk.read(asked, principal, now);
    const sealed = { request: this.secrets.seal(asked, key), ...(depth > 0 && { depth }) };
    const definition: Definition = { ...read, ...sealed, createdAt: now };
    const progress = progressFrom(definition, now);
    const result = await this.store.keep(key, undefined, { definition, progress });
    if (result === 'too_many' || result === 'too_many_of_client')
      throw tooManySchedules(result === 'too_many_of_client');
    return result === 'changed' ? this.same(await this.get(key), asked) : this.get(key);
  }

  /** @param key `<client_id>.<schedule_id>` */
  async get(key: string): Promise<Schedule> {
    const schedule = await this.store.find(key);
    if (!schedule) throw scheduleNotFound();
    return schedule;
  }

  /** What it was asked for with; nothing when no key at hand opens it. */
  requestOf({ key, definition }: Schedule): Asked | undefined {
    return this.secrets.open(definition.request, key);
  }

  edit(key: string, edit: ScheduleEdit, principal: Principal): Promise<Schedule> {
    return this.change(key, async (before) => {
      const request = this.requestOf(before);
      if (!request) throw scheduleSealed();
      const asked = edited(request, edit);
      const now = this.clock.now();
      const read = await this.desk.read(asked, principal, now);
      const { timing, createdAt, depth } = before.definition;
      const rest = { request: this.secrets.seal(asked, key), createdAt, ...(depth && { depth }) };
      // What has become due and nobody has seen to yet stays due.
      if (!namesTiming(edit)) return { definition: { ...read, timing, ...rest }, progress: before.progress };
      const definition = { ...read, ...rest };
      const { isPaused } = before.progress;
      return { definition, progress: isPaused ? before.progress : progressFrom(definition, now) };
    });
  }

  pause(key: string, reason: string | undefined): Promise<Schedule> {
    return this.change(key, ({ definition }) =>
      Promise.resolve({ definition, progress: { isPaused: true, ...(reason && { reason }) } }),
    );
  }

  /** What would have fired meanwhile was not missed: it goes on from now. */
  resume(key: string): Promise<Schedule> {
    return this.change(key, ({ definition, progress }) => {
      const resumed = progress.isPaused ? progressFrom(definition, this.clock.now()) : progress;
      return Promise.resolve({ definition, progress: resumed });
    });
  }

  /**
   * @param depth how many tasks in a row led to it
   * @returns the id of the task that a worker makes
   */
  async runNow(key: string, depth: number): Promise<string> {
    for (let tries = 0; tries < TRIES; tries++) {
      const at = this.clock.now();
      const id = runId(key, at, randomUUID().slice(0, 8));
      const schedule = await this.get(key);
      const claim = {
        progress: schedule.progress,
        occurrences: [{ id, at }],
        missed: 0,
        isByHand: true,
        depth,
      };
      const claimed = await this.store.claim(schedule, claim);
      if (claimed && claimed.tooMany > 0) throw tooManyWaiting();
      if (claimed) return id;
    }
    throw scheduleChanged();
  }

  async delete(key: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++)
      if ((await this.store.keep(key, await this.get(key), undefined)) === 'kept') return;
    throw scheduleChanged();
  }

  private async change(key: string, change: Change): Promise<Schedule> {
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await this.get(key);
      if ((await this.store.keep(key, before, await change(before))) === 'kept') return this.get(key);
    }
    throw scheduleChanged();
  }

  private same(before: Schedule, asked: Asked): Schedule {
    const request = this.requestOf(before);
    if (!request) throw scheduleSealed();
    if (!isSame(request, asked)) throw scheduleExists();
    return before;
  }
}

function progressFrom({ timing }: Pick<Definition, 'timing'>, now: number): Progress {
  const next = nextFiring(timing, now);
  return next === undefined ? {} : { next };
}

function namesTiming({ cron, every, timezone }: ScheduleEdit): boolean {
  return cron !== undefined || every !== undefined || timezone !== undefined;
}
