import { DiscoveryService } from '@nestjs/core';
import type { TaskType } from '../../task-types/task-types.js';

/** What a handler is given besides the payload. */
export interface HandlerContext {
  readonly taskId: string;
  /** Number of this attempt, from 1: what it does may have been done before, at least in part. */
  readonly attempt: number;
  /** Aborted when the attempt has to end: its deadline has passed, the task was cancelled, or the worker stops. */
  readonly signal: AbortSignal;
  /** Writes lines with the id of the task. */
  readonly logger: HandlerLogger;
}

interface HandlerLogger {
  info(about: object, message: string): void;
  warn(about: object, message: string): void;
}

/** Does what tasks of one type ask for. */
export interface TaskTypeHandler {
  /**
   * One attempt. What it returns is kept as JSON, up to 16 KiB; when it throws, the task is tried again, unless that is a
   * {@link PermanentFailure}. Called with the same task again after a failure, and when a worker was lost in between.
   *
   * @param payload as it was enqueued, and found to be as the schema of its type wants it
   */
  run(payload: unknown, context: HandlerContext): unknown;
}

/** Makes a class the handler of a type. It is found when the worker half starts, if a module provides it. */
export const Handles = DiscoveryService.createDecorator<TaskType>();

/** Thrown by a handler: no further attempt can help. The task is a dead letter at once. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
}
