import { checked } from '../http/validation.js';
import { jsonPointer } from '../http/json-pointer.js';
import { ProblemError } from '../http/problem.js';
import type { AddressGuard } from '../net/address-policy.js';
import { parseTargetUrl } from '../net/target-url.js';
import type { HandlerTarget, TaskTarget } from '../task/task.js';
import { faultsByMapping } from '../task-types/mapped-payload.js';
import type { PayloadFault } from '../task-types/payload-faults.js';
import { payloadFaults } from '../task-types/payload-faults.js';
import { HTTP, TASK_TYPES, type TaskType } from '../task-types/task-types.js';
import type { KnownType, TypeMapping } from '../task-types/type-mapping.js';
import { type EnqueueRequest, TargetRequest } from './enqueue.dto.js';
import type { Faults } from './faults.js';
import { lossyNumber } from './lossy-number.js';
import { readTarget, withContentType } from './read-target.js';

interface Rules {
  readonly guard: AddressGuard;
  /** Of the type that the request names. */
  readonly known: KnownType;
}

type Asked = Pick<EnqueueRequest, 'task' | 'type' | 'payload'>;

/** What a request asks for: a call of a URL (`task`), or whatever its `type` means for its `payload`. */
export function readWork({ task, type, payload }: Asked, rules: Rules, faults: Faults): TaskTarget {
  if (type === undefined || type === null) {
    if (payload !== undefined) faults.add('/payload', 'needs a type');
    if (task) return readTarget(task, rules.guard, faults);
    faults.add('/task', 'is required, unless there is a type');
    return NONE;
  }
  if (task) faults.add('/type', 'must not be there together with task');
  return readTyped(type, payload ?? {}, rules, faults);
}

/** Of a request that is refused. */
const NONE: HandlerTarget = { type: '', payload: 'null' };

/** A payload for a type, built in or mapped, as it is stored. */
export function readPayload(type: string, payload: unknown, { mapping }: KnownType, faults: Faults): string {
  for (const { pointer, detail } of faultsIn(payload, TASK_TYPES.get(type), mapping)) {
    faults.add(`/payload${pointer}`, detail);
  }
  const path = lossyNumber(payload);
  if (path) faults.add(jsonPointer(['payload', ...path]), 'would lose digits; send it as text');
  return JSON.stringify(payload);
}

function faultsIn(
  payload: unknown,
  builtIn: TaskType | undefined,
  mapping: TypeMapping | undefined,
): readonly PayloadFault[] {
  if (builtIn) return payloadFaults(builtIn.payload, payload);
  return mapping?.payload ? faultsByMapping(mapping.payload, payload) : [];
}

function readTyped(type: string, payload: unknown, { guard, known }: Rules, faults: Faults): TaskTarget {
  if (type === HTTP.name) return readCall(payload, guard, faults);
  if (known.mapping) return readMapped(type, payload, { mapping: known.mapping, known, guard }, faults);
  if (!TASK_TYPES.has(type)) {
    faults.add('/type', `is not a type of task; there are ${known.names.join(', ')}`);
    return NONE;
  }
  return { type, payload: readPayload(type, payload, known, faults) };
}

/** A call of a URL in other words. */
function readCall(payload: unknown, guard: AddressGuard, faults: Faults): TaskTarget {
  try {
    return readTarget(checked(TargetRequest, payload) as TargetRequest, guard, faults, '/payload');
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    for (const { pointer, detail } of error.init.errors ?? []) faults.add(`/payload${pointer}`, detail);
    return NONE;
  }
}

interface Mapped extends Rules {
  readonly mapping: TypeMapping;
}

/** What may be called may have changed since the type was mapped. */
function readMapped(
  type: string,
  payload: unknown,
  { mapping, known, guard }: Mapped,
  faults: Faults,
): TaskTarget {
  const { url, method, headers } = mapping;
  const parsed = parseTargetUrl(url, guard);
  if (!parsed.ok) faults.add('/type', `is mapped to a URL that ${parsed.reason}`);
  const body = { encoding: 'utf8', content: readPayload(type, payload, known, faults) } as const;
  return { type, url, method, headers: withContentType(Object.entries(headers)), body };
}
