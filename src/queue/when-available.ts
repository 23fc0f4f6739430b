import { isUnavailable } from '../redis/unavailable.js';
import { QueueUnavailable } from './task-queue.js';

/** Errors that say "not now" become the port's own. */
export async function whenAvailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUnavailable(error) ? new QueueUnavailable(error) : error;
  }
}
