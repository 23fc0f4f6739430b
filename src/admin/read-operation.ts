import type { Actor } from '../http/actor.js';
import { invalidRequest } from '../http/problem.js';
import { type OperationSpec, STATES_OF } from '../operations/operation.js';
import type { TaskFilter } from '../queue/search/task-list.js';
import { Faults } from '../task-request/faults.js';
import { readSchedule } from '../task-request/read-times.js';
import { readFilter, saysNothing } from '../tracking/read-filter.js';
import type { OperationFilter, OperationRequest } from './admin-operations.dto.js';
import { DEFAULT_PER_SECOND } from './tasks-per-second.js';

interface Circumstances {
  readonly by: Actor;
  /** Unix milliseconds. */
  readonly now: number;
  /** How far ahead a task may be scheduled, milliseconds. */
  readonly horizonMs: number;
}

/**
 * An operation that was asked for, whose shape was checked already.
 *
 * @throws ProblemError with every field that is at fault
 */
export function readOperation(request: OperationRequest, circumstances: Circumstances): OperationSpec {
  const faults = new Faults();
  const { all, ...members } = withoutNull(request.filter);
  checkFilter(all, members, faults);
  const dueAt = readDue(request, circumstances, faults);
  if (request.now === true && request.action !== 'purge') faults.add('/now', 'is for purge only');
  const filter = filterOf(members);
  checkStates(request, filter, faults);
  if (faults.list.length > 0) throw invalidRequest(faults.list);
  return {
    action: request.action,
    filter,
    asked: all ? { all } : members,
    rate: request.rate ?? DEFAULT_PER_SECOND,
    isDryRun: request.dry_run === true,
    ...(dueAt !== undefined && { dueAt }),
    ...(request.now === true && { isFinal: true }),
    by: circumstances.by,
  };
}

function withoutNull(filter: OperationFilter): OperationFilter {
  const said = Object.entries(filter).filter(([, value]) => (value ?? undefined) !== undefined);
  return Object.fromEntries(said);
}

/** What is not said narrows nothing down: a filter that a typo has emptied must not mean everything. */
function checkFilter(all: true | undefined, members: OperationFilter, faults: Faults): void {
  const isEmpty = saysNothing(members);
  if (all && !isEmpty) faults.add('/filter/all', 'must stand alone: it means every task');
  if (!all && isEmpty) faults.add('/filter', 'must say which tasks are meant; {"all": true} means every one');
}

function filterOf({ fingerprint, ...members }: OperationFilter): TaskFilter {
  const filter = readFilter(members, '/filter');
  return fingerprint === undefined ? filter : { ...filter, dead: { fingerprint } };
}

function checkStates({ action, filter: asked }: OperationRequest, filter: TaskFilter, faults: Faults): void {
  if (action === 'purge') {
    checkPurge(withoutNull(asked), faults);
    return;
  }
  const states = STATES_OF[action];
  if (filter.state !== undefined && !states.includes(filter.state))
    faults.add('/filter/state', `must be one in which ${action} does anything: ${states.join(', ')}`);
  if (filter.dead && !states.includes('dead_letter'))
    faults.add('/filter/fingerprint', `is of dead letters, with which ${action} does nothing`);
}

/** It takes all there is at once, and does not look at single tasks. */
function checkPurge(asked: OperationFilter, faults: Faults): void {
  const names = Object.keys(asked);
  const isQueue = names.length === 1 && asked.queue !== undefined;
  const isDead = names.length === 1 && asked.state === 'dead_letter';
  if (!isQueue && !isDead)
    faults.add('/filter', 'must be a queue alone, or {"state": "dead_letter"}; else use cancel or delete');
}

function readDue(
  request: OperationRequest,
  { now, horizonMs }: Circumstances,
  faults: Faults,
): number | undefined {
  const { action, scheduled_at, delay } = request;
  const isSaid = (scheduled_at ?? delay ?? undefined) !== undefined;
  if (action !== 'reschedule') {
    if (isSaid) faults.add('/action', 'must be reschedule for scheduled_at and delay');
    return undefined;
  }
  if (!isSaid) faults.add('/scheduled_at', 'is required, or delay');
  return readSchedule(
    { ...(scheduled_at !== undefined && { scheduled_at }), ...(delay !== undefined && { delay }) },
    { now, horizonMs },
    faults,
  );
}
