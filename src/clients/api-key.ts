import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What every key begins with: by it people and secret scanners know one when they see it. */
const KEY_PREFIX = 'tr_live_';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 256 random bits: 43 times one of 62. */
const SECRET_CHARS = 43;
/** 32 bits in base 62. */
const CHECK_CHARS = 6;

const FORM = new RegExp(`^${KEY_PREFIX}[0-9A-Za-z]{${SECRET_CHARS + CHECK_CHARS}}$`);

/** What is shown of a key so that people can tell theirs apart. */
const SHOWN_CHARS = KEY_PREFIX.length + 4;

/**
 * A new API key: the prefix, 256 random bits and a CRC-32 of both, as letters and digits that a double click selects whole.
 */
export function newApiKey(): string {
  const secret = Array.from({ length: SECRET_CHARS }, () => digit(randomInt(DIGITS.length)));
  const text = KEY_PREFIX + secret.join('');
  return text + checksum(text);
}

/** Whether a text is a key from end to end: a typo, a piece of one or another secret is not, and nobody has to be asked. */
export function isWholeKey(text: string): boolean {
  return FORM.test(text) && text.endsWith(checksum(text.slice(0, -CHECK_CHARS)));
}

/** Whether a text wants to be a key, whole or not. */
export function isApiKey(text: string): boolean {
  return text.startsWith(KEY_PREFIX);
}

/**
 * As a key is kept. SHA-256 without salt and at once is right for it: of 256 random bits there is nothing to guess, which
 * is what slow hashes and salts are for.
 */
export function hashOfKey(key: string): string {
  return hash('sha256', key);
}

/** The id of a key, by which it is revoked and appears in logs. Whoever finds a key can tell by it which one it is. */
export function keyIdOf(hashOfKey: string): string {
  return hashOfKey.slice(0, 12);
}

/** The beginning of a key, for people. */
export function shownOf(key: string): string {
  return key.slice(0, SHOWN_CHARS);
}

function checksum(text: string): string {
  let [digits, rest] = ['', crc32(text)];
  while (digits.length < CHECK_CHARS) {
    digits = digit(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}

function digit(value: number): string {
  return DIGITS.charAt(value);
}
