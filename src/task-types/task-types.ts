import { HTTP_TYPE } from '../task/task.js';
import { EMAIL_PAYLOAD } from './email-payload.js';
import type { PayloadSchema } from './payload-schema.js';

/** A type of task that is built in. Both halves know it: the API checks payloads by it, a worker has a handler for it. */
export interface TaskType {
  readonly name: string;
  /** For people: what it does. */
  readonly about: string;
  readonly payload: PayloadSchema;
}

const ANY_OBJECT: PayloadSchema = { type: 'object' };

/** What a task of type `http` has in place of `task`: its rules are those of a call of a URL, and checked as such. */
export const HTTP: TaskType = {
  name: HTTP_TYPE,
  about: 'Calls a URL; the payload is what `task` is otherwise.',
  payload: ANY_OBJECT,
};

export const ECHO: TaskType = { name: 'echo', about: 'Returns its payload.', payload: ANY_OBJECT };

const SECONDS: PayloadSchema = { type: 'number', minimum: 0, maximum: 86_400 };

export const SLEEP: TaskType = {
  name: 'sleep',
  about: 'Waits: `seconds` (1), or `duration` in milliseconds.',
  payload: {
    type: 'object',
    properties: {
      seconds: SECONDS,
      duration_seconds: SECONDS,
      duration: { type: 'number', minimum: 0, maximum: 86_400_000 },
    },
    additionalProperties: false,
  },
};

export const FAIL: TaskType = {
  name: 'fail',
  about: 'Fails with `message`; with `permanent` at once for good, with `times` so many attempts only.',
  payload: {
    type: 'object',
    properties: {
      message: { type: 'string', maxLength: 1000 },
      permanent: { type: 'boolean' },
      times: { type: 'integer', minimum: 0, maximum: 1000 },
    },
  },
};

/** With more the sum would lose digits. */
const MOST_ITERATIONS = 100_000_000;

export const COMPUTE: TaskType = {
  name: 'compute',
  about: 'Uses the processor: adds up the whole numbers below `iterations` (1,000,000).',
  payload: {
    type: 'object',
    properties: { iterations: { type: 'integer', minimum: 0, maximum: MOST_ITERATIONS } },
  },
};

export const EMAIL: TaskType = {
  name: 'email',
  about: 'Sends a text by SMTP; without SMTP_URL it composes it, does not send it, and says so.',
  payload: EMAIL_PAYLOAD,
};

/** Every type that is built in, by its name. */
export const TASK_TYPES: ReadonlyMap<string, TaskType> = new Map(
  [HTTP, ECHO, SLEEP, COMPUTE, FAIL, EMAIL].map((type) => [type.name, type]),
);
