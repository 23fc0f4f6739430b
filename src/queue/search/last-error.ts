import type { Attempt } from '../../task/attempt.js';
import type { TaskSnapshot } from '../task-reader.js';

/**
 * What went wrong with a task last: what ended it, then the status, the code, the words and the beginning of the answer of
 * its last attempt, as far as there are such. Empty when nothing did.
 */
export function lastErrorOf({ deadLetterReason, attempts }: TaskSnapshot): readonly string[] {
  const words = [deadLetterReason, ...wordsOf(attempts.at(-1))];
  return words.filter((word) => word !== undefined).filter((word) => word !== '');
}

function wordsOf(attempt: Attempt | undefined): readonly (string | undefined)[] {
  if (!attempt || attempt.class === 'succeeded') return [];
  const { status, error, response } = attempt;
  return [status === undefined ? undefined : `HTTP ${status}`, error?.code, error?.message, response];
}
