/** As many characters as a key of 64 bits has in hexadecimal: fewer can be found by trying. */
const LEAST_CHARS = 16;
/** `aaaaaaaaaaaaaaaa` is long, too. */
const LEAST_DIFFERENT = 6;
/** What stands in examples, and what is tried first. */
const WELL_KNOWN =
  /change.?me|replace.?me|pass.?(?:word|phrase)|your.?(?:secret|admin|api|key)|example|qwerty|letmein|123456789|abcdefgh/i;

/** Why a key is easy to guess, as the end of a sentence about it; nothing when it is not. */
export function weaknessOf(key: string): string | undefined {
  if (key.length < LEAST_CHARS) return `has fewer than ${LEAST_CHARS} characters`;
  if (new Set(key).size < LEAST_DIFFERENT) return `has fewer than ${LEAST_DIFFERENT} different characters`;
  return WELL_KNOWN.test(key) ? 'holds words that are tried first' : undefined;
}
