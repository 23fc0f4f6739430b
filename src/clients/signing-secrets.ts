import { randomBytes } from 'node:crypto';
import type { Client, ClientRecord, StoredSigningSecret } from './client.js';

/** What a secret begins with, as Standard Webhooks has it ("Signature scheme"). */
export const SECRET_PREFIX = 'whsec_';

/** 256 bits; the specification wants 192 at least, and 512 at most. */
const SECRET_BYTES = 32;

/** Each of them is a signature in a header: enough to change secrets one after the other. */
export const MOST_SECRETS = 5;

/** `whsec_` and 256 random bits in base64. */
export function newSigningSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

export function newSecretId(): string {
  return randomBytes(6).toString('hex');
}

/** The bytes of a secret: what the base64 behind the prefix stands for. */
export function bytesOfSecret(secret: string): Buffer {
  return Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
}

/** What an encrypted secret belongs to: this client. No id of a task looks like it. */
export function ownerOfSecret(clientId: string): string {
  return `signing-secret:${clientId}`;
}

/** @returns nothing when it has as many secrets as it may have; those whose time is over are gone with this */
export function withSecret({ record }: Client, secret: StoredSigningSecret): ClientRecord | undefined {
  const live = liveSecrets(record.signingSecrets ?? [], secret.createdAt);
  return live.length < MOST_SECRETS ? { ...record, signingSecrets: [...live, secret] } : undefined;
}

/** @returns nothing when it has no secret with this id */
export function withoutSecret({ record }: Client, secretId: string): ClientRecord | undefined {
  const { signingSecrets: secrets = [], ...rest } = record;
  const left = secrets.filter((each) => each.secretId !== secretId);
  if (left.length === secrets.length) return undefined;
  return { ...rest, ...(left.length > 0 && { signingSecrets: left }) };
}

/** Those whose time is not over. */
export function liveSecrets<T extends { readonly expiresAt?: number }>(
  secrets: readonly T[],
  now: number,
): T[] {
  return secrets.filter(({ expiresAt = Infinity }) => expiresAt > now);
}
