import type { TaskState } from '../task/task-state.js';
import type { Operation, OperationSpec, OperationState } from './operation.js';

const SKIPPED = 'skip:';

/** What has come of a piece of work: fields of an operation to set, and numbers to add to its counts. */
export interface Progress {
  readonly set?: Readonly<Record<string, string | number>>;
  readonly add?: Readonly<Record<string, number>>;
}

/** Counts of tasks that were left alone, as fields. */
export function skippedFields(codes: readonly string[]): Record<string, number> {
  const fields: Record<string, number> = {};
  for (const code of codes) fields[SKIPPED + code] = (fields[SKIPPED + code] ?? 0) + 1;
  return fields;
}

/** An operation as it is kept: names and values of the fields of its hash in turn. */
export function parseOperation(id: string, values: readonly string[]): Operation | undefined {
  const fields = new Map<string, string>();
  for (let at = 0; at < values.length; at += 2) fields.set(values[at] ?? '', values[at + 1] ?? '');
  const spec = fields.get('spec');
  if (spec === undefined) return undefined;
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    id,
    spec: JSON.parse(spec) as OperationSpec,
    state: (fields.get('state') ?? 'running') as OperationState,
    createdAt: number('createdAt'),
    total: number('total'),
    looked: number('looked'),
    matched: number('matched'),
    done: number('done'),
    skipped: skippedIn(fields),
    sample: JSON.parse(fields.get('sample') ?? '[]') as string[],
    cursor: fields.get('cursor') ?? '',
    ...timesIn(fields),
    ...canaryIn(fields),
    ...textsIn(fields),
  };
}

function skippedIn(fields: ReadonlyMap<string, string>): Record<string, number> {
  const skipped = [...fields].filter(([name]) => name.startsWith(SKIPPED));
  return Object.fromEntries(skipped.map(([name, count]) => [name.slice(SKIPPED.length), Number(count)]));
}

function timesIn(
  fields: ReadonlyMap<string, string>,
): Pick<Operation, 'startedAt' | 'endedAt' | 'undoUntil'> {
  const time = (name: string): number | undefined => {
    const text = fields.get(name) ?? '';
    return text === '' ? undefined : Number(text);
  };
  const [startedAt, endedAt, undoUntil] = [time('startedAt'), time('endedAt'), time('undoUntil')];
  return {
    ...(startedAt !== undefined && { startedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(undoUntil !== undefined && { undoUntil }),
  };
}

function canaryIn(fields: ReadonlyMap<string, string>): Pick<Operation, 'canary'> {
  const [id = '', state = 'pending'] = [fields.get('canary'), fields.get('canaryState')];
  if (id === '') return {};
  return { canary: { id, diedAt: Number(fields.get('canaryDied')), state: state as TaskState } };
}

function textsIn(fields: ReadonlyMap<string, string>): Pick<Operation, 'error' | 'wanted'> {
  const [error, wanted] = [fields.get('error'), fields.get('wanted')];
  return {
    ...(error !== undefined && { error }),
    ...(wanted !== undefined && { wanted: wanted as 'cancel' | 'undo' }),
  };
}
