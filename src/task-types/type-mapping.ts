import type { Method } from '../task/task.js';
import type { PayloadSchema } from './payload-schema.js';

/** What tasks of a type come to that has no handler: calls of one URL, with the payload as their JSON body. */
export interface TypeMapping {
  readonly url: string;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  /** Deadline of an attempt unless the task names its own, milliseconds. */
  readonly timeoutMs?: number;
  /** What payloads are held to; any object without one. */
  readonly payload?: PayloadSchema;
}

/** What is known of the type that a request names. */
export interface KnownType {
  /** Of a type that is mapped to a URL. */
  readonly mapping?: TypeMapping | undefined;
  /** Every type there is, for whoever has named another one. */
  readonly names: readonly string[];
}
