import { createHash } from 'node:crypto';
import { ProblemError } from '../http/problem.js';
import type { IdempotencyKey } from '../queue/admission/admission.js';

/** Visible ASCII, as most clients send it. */
const BARE = /^[!#-~][!-~]{0,254}$/;
/** A string of RFC 8941, section 3.3.3, as draft-ietf-httpapi-idempotency-key-header has it: the same key in quotes. */
const QUOTED = /^"((?:[!#-[\]-~]|\\["\\]){1,255})"$/;

/** 132 bits. */
const HASH_LENGTH = 22;

/**
 * The key in an Idempotency-Key header; nothing without the header.
 *
 * @throws ProblemError when it is none
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || BARE.test(header)) return header;
  const quoted = QUOTED.exec(header)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(.)/g, '$1');
  throw new ProblemError({
    status: 400,
    code: 'invalid_idempotency_key',
    detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters, with or without quotes around them.',
  });
}

/**
 * By what a request is known again. A key is of one client, and the tasks of a batch are told apart by their place. The
 * fingerprint says nothing about the request to somebody who does not know the key.
 *
 * @param place of the task in its batch
 */
export function idempotencyOf(
  request: { readonly client_id: string },
  key: string,
  place?: number,
): IdempotencyKey {
  const name = place === undefined ? key : `${key}\n${place}`;
  return {
    hash: hash(`${request.client_id}\n${name}`),
    fingerprint: hash(`${key}\n${JSON.stringify(request)}`),
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
}
