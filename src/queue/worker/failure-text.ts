import type { Attempt } from '../../task/attempt.js';

/** Answers can be long; what tells failures apart is at their beginning. */
const MOST_READ = 1000;
const MOST_KEPT = 200;

/** What differs between failures that are the same, in the order in which it is looked for. */
const DIFFERS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '<id>'],
  // With a digit in it: else it may be a word, like `deadbeef` or `facade`.
  [/\b(?:0x)?(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, '<hex>'],
  [/\d+/g, '<n>'],
  [/\s+/g, ' '],
];

/**
 * What a task died of, the same for all that died of the same: the status or the code of its last attempt, and its words or
 * the beginning of the answer, without numbers and ids.
 *
 * @param reason why it is a dead letter, for when its last attempt does not say
 */
export function failureText({ status, error, response }: Attempt, reason = ''): string {
  const kind = error?.code ?? (status === undefined ? reason : `HTTP ${status}`);
  const words = error?.message ?? response ?? '';
  return `${kind} ${normalised(words)}`.trim();
}

function normalised(text: string): string {
  let same = text.slice(0, MOST_READ);
  for (const [pattern, instead] of DIFFERS) same = same.replaceAll(pattern, instead);
  return same.trim().slice(0, MOST_KEPT);
}
