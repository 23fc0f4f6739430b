import { formatTime } from '../time/rfc3339.js';
import { daylightSavingNote } from './daylight-saving.js';
import type { Asked } from './read-schedule.js';
import type { Preview, PreviewRun, ScheduleView } from './schedule-view.dto.js';
import type { Schedule } from './schedule.js';
import { type Timing, upcoming } from './timing.js';

/**
 * A schedule as the API shows it.
 *
 * @param request what it was asked for with; nothing when no key at hand opens it
 */
export function scheduleView(schedule: Schedule, request?: Asked): ScheduleView {
  const { key, definition } = schedule;
  return {
    id: key,
    schedule_id: definition.scheduleId,
    client_id: definition.clientId,
    ...timingView(definition.timing),
    overlap: definition.overlap,
    misfire: definition.misfire,
    max_lateness: definition.maxLatenessMs / 1000,
    queue: request?.queue ?? 'default',
    ...workView(request),
    ...progressView(schedule),
    ...tallyView(schedule),
    created_at: formatTime(definition.createdAt),
    updated_at: formatTime(definition.updatedAt),
  };
}

function workView(request: Asked | undefined): Pick<ScheduleView, 'task' | 'type'> {
  const { task, type } = request ?? {};
  return { ...(task && { task: { url: task.url, method: task.method ?? 'POST' } }), ...(type && { type }) };
}

type ProgressView = Pick<ScheduleView, 'state' | 'pause_reason' | 'next_run_at'>;

function progressView({ progress: { next, isPaused, reason } }: Schedule): ProgressView {
  const runs = next === undefined ? 'ended' : 'active';
  return {
    state: isPaused ? 'paused' : runs,
    ...(reason !== undefined && { pause_reason: reason }),
    ...(next !== undefined && { next_run_at: formatTime(next) }),
  };
}

type TallyView = Pick<ScheduleView, 'last_run_at' | 'last_task_id' | 'fired' | 'skipped' | 'last_skip'>;

function tallyView({ tally: { fired, skipped, lastAt, lastTaskId, lastSkip } }: Schedule): TallyView {
  return {
    ...(lastAt !== undefined && { last_run_at: formatTime(lastAt) }),
    ...(lastTaskId !== undefined && { last_task_id: lastTaskId }),
    fired,
    skipped,
    ...(lastSkip && { last_skip: { at: formatTime(lastSkip.at), reason: lastSkip.reason } }),
  };
}

function timingView(timing: Timing): Pick<ScheduleView, 'cron' | 'timezone' | 'every'> {
  return timing.kind === 'every'
    ? { every: timing.everyMs / 1000 }
    : { cron: timing.cron, timezone: timing.timezone };
}

/** The next times, with what the setting of clocks does to them. */
export function previewOf(timing: Timing, now: number, count: number): Preview {
  return { runs: upcoming(timing, now, count).map((at) => runView(timing, at)) };
}

function runView(timing: Timing, at: number): PreviewRun {
  const note = daylightSavingNote(timing, at);
  return {
    at: formatTime(at),
    ...(timing.kind === 'cron' && { local_time: localTime(at, timing.timezone) }),
    ...(note !== undefined && { note }),
  };
}

/** As `2026-03-29 03:30:00 GMT+2`. */
function localTime(at: number, timeZone: string): string {
  const day = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, ...day, ...time, timeZoneName: 'shortOffset' });
  return format.format(at);
}
