import { jsonPointer } from '../http/json-pointer.js';
import type { AddressGuard } from '../net/address-policy.js';
import { checkTargetHeaders } from '../net/target-header.js';
import { parseTargetUrl } from '../net/target-url.js';
import type { CallTarget, TaskBody } from '../task/task.js';
import type { TargetRequest } from './enqueue.dto.js';
import type { Faults } from './faults.js';
import { lossyNumber } from './lossy-number.js';

/**
 * The call that a request asks for, kept as it was written: bytes and spelling are the caller's.
 *
 * @param at where the request has it
 */
export function readTarget(
  target: TargetRequest,
  guard: AddressGuard,
  all: Faults,
  at: '/task' | '/payload' = '/task',
): CallTarget {
  const faults = all.below(at);
  const url = parseTargetUrl(target.url, guard);
  if (!url.ok) faults.add('/url', url.reason);
  const headers = readHeaders(target, faults);
  const body = readBody(target, faults);
  return { url: target.url, method: target.method ?? 'POST', headers, ...(body && { body }) };
}

function readHeaders({ headers, json }: TargetRequest, faults: Faults): [string, string][] {
  const given = Object.entries(headers ?? {});
  for (const { name, reason } of checkTargetHeaders(given)) {
    faults.add(jsonPointer(['headers', name]), reason);
  }
  return json === undefined ? given : withContentType(given);
}

/** The headers of a call whose body is JSON. */
export function withContentType(headers: [string, string][]): [string, string][] {
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  return hasType ? headers : [...headers, ['Content-Type', 'application/json']];
}

function readBody({ body, body_base64: base64, json }: TargetRequest, faults: Faults): TaskBody | undefined {
  const given = [typeof body === 'string', typeof base64 === 'string', json !== undefined];
  if (given.filter(Boolean).length > 1) faults.add('', 'must have only one of body, body_base64 and json');
  // `null` is a JSON value like any other, so only an absent one means none.
  if (json !== undefined) return readJson(json, faults);
  if (typeof base64 === 'string') return readBase64(base64, faults);
  return typeof body === 'string' ? readText(body, faults) : undefined;
}

function readJson(json: unknown, faults: Faults): TaskBody {
  const path = lossyNumber(json);
  if (path !== undefined) {
    const pointer = jsonPointer(['json', ...path]);
    faults.add(pointer, 'would lose digits; send it as text, or the whole body with `body`');
  }
  return { encoding: 'utf8', content: JSON.stringify(json) };
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

function readBase64(content: string, faults: Faults): TaskBody {
  if (!BASE64.test(content)) faults.add('/body_base64', 'must be standard base64 with padding');
  return { encoding: 'base64', content };
}

function readText(content: string, faults: Faults): TaskBody {
  if (!content.isWellFormed()) {
    faults.add('/body', 'has half a surrogate pair, which has no UTF-8; use body_base64 for bytes');
  }
  return { encoding: 'utf8', content };
}
