import { hashOfKey, keyIdOf, shownOf } from './api-key.js';
import type { Client, ClientRecord, StoredKey } from './client.js';

/** Enough to change keys one after the other. */
export const MOST_KEYS = 10;

/** What is said of a key when it is made. Times are Unix milliseconds. */
export interface KeyTerms {
  readonly name?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** A key as it is kept: nothing of it opens anything. */
export function storedKey(key: string, terms: KeyTerms): StoredKey {
  const hash = hashOfKey(key);
  return { id: keyIdOf(hash), hash, shown: shownOf(key), ...terms };
}

/** @returns nothing when it has as many keys as it may have */
export function withKey({ record }: Client, key: StoredKey): ClientRecord | undefined {
  const keys = record.keys ?? [];
  return keys.length < MOST_KEYS ? { ...record, keys: [...keys, key] } : undefined;
}

/** @returns nothing when it has no key with this id */
export function withoutKey({ record }: Client, keyId: string): ClientRecord | undefined {
  const keys = record.keys ?? [];
  const left = keys.filter(({ id }) => id !== keyId);
  return left.length < keys.length ? { ...record, keys: left } : undefined;
}
