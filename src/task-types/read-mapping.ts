import type { AddressGuard } from '../net/address-policy.js';
import { checkTargetHeaders } from '../net/target-header.js';
import { parseTargetUrl } from '../net/target-url.js';
import { type Method, METHODS, TYPE_NAME } from '../task/task.js';
import { parseDuration } from '../time/duration.js';
import { schemaFaults } from './mapped-payload.js';
import { type PayloadFault, payloadFaults } from './payload-faults.js';
import type { PayloadSchema } from './payload-schema.js';
import { TASK_TYPES } from './task-types.js';
import type { TypeMapping } from './type-mapping.js';

const MAPPING: PayloadSchema = {
  type: 'object',
  properties: {
    url: { type: 'string' },
    method: {
      type: 'string',
      pattern: `^(${METHODS.join('|')})$`,
      description: `one of ${METHODS.join(', ')}`,
    },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    timeout: {
      anyOf: [{ type: 'number' }, { type: 'string' }],
      description: 'seconds, or a text like "30s"',
    },
    payload_schema: {},
  },
  required: ['url'],
  additionalProperties: false,
};

/** As requests and the configuration write it. */
interface RawMapping {
  readonly url: string;
  readonly method?: Method;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout?: number | string;
  readonly payload_schema?: PayloadSchema;
}

export interface MappingRules {
  readonly guard: AddressGuard;
  readonly maxTimeoutMs: number;
}

export type ReadMapping = { readonly mapping: TypeMapping } | { readonly faults: readonly PayloadFault[] };

/** What a type is to be mapped to, or everything that is wrong with it. */
export function readMapping(value: unknown, rules: MappingRules): ReadMapping {
  const shape = payloadFaults(MAPPING, value);
  if (shape.length > 0) return { faults: shape };
  const { url, method = 'POST', headers = {}, timeout, payload_schema: payload } = value as RawMapping;
  const faults = [
    ...urlFaults(url, rules.guard),
    ...headerFaults(headers),
    ...timeoutFaults(timeout, rules.maxTimeoutMs),
    ...(payload === undefined ? [] : faultsOfSchema(payload)),
  ];
  if (faults.length > 0) return { faults };
  const timeoutMs = parseDuration(timeout);
  return {
    mapping: {
      url,
      method,
      headers,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(payload && { payload }),
    },
  };
}

function faultsOfSchema(schema: unknown): PayloadFault[] {
  return schemaFaults(schema).map(({ pointer, detail }) => ({
    pointer: `/payload_schema${pointer}`,
    detail,
  }));
}

/** Why no type of this name can be mapped; nothing when one can. */
export function faultOfTypeName(name: string): string | undefined {
  if (TASK_TYPES.has(name)) return 'is built in';
  return TYPE_NAME.test(name)
    ? undefined
    : 'must be 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter or digit';
}

function urlFaults(url: string, guard: AddressGuard): PayloadFault[] {
  const parsed = parseTargetUrl(url, guard);
  return parsed.ok ? [] : [{ pointer: '/url', detail: parsed.reason }];
}

function headerFaults(headers: Readonly<Record<string, string>>): PayloadFault[] {
  return checkTargetHeaders(Object.entries(headers)).map(({ name, reason }) => {
    return { pointer: `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, detail: reason };
  });
}

function timeoutFaults(timeout: RawMapping['timeout'], mostMs: number): PayloadFault[] {
  if (timeout === undefined) return [];
  const ms = parseDuration(timeout) ?? 0;
  if (ms > 0 && ms <= mostMs) return [];
  const detail = `must be more than 0 and at most ${mostMs / 1000} seconds, or a text like "30s"`;
  return [{ pointer: '/timeout', detail }];
}
