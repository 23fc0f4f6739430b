import type { PayloadSchema } from './payload-schema.js';

/** A message as a handler gets it: `to` and `recipient`, `body` and `content` are other systems' words for the same. */
export interface EmailPayload {
  readonly to?: string | readonly string[];
  readonly recipient?: string | readonly string[];
  readonly subject?: string;
  readonly body?: string;
  readonly content?: string;
}

/** RFC 5321, 4.5.3.1: 64 octets, `@`, 255. Names with the address, groups and comments are none. */
const ADDRESS: PayloadSchema = {
  type: 'string',
  maxLength: 320,
  pattern: '^[^\\s@<>()",;:\\\\]+@[^\\s@<>()",;:\\\\]+$',
  description: 'an address like user@example.com',
};

const MOST_RECIPIENTS = 50;
const ADDRESSES: PayloadSchema = {
  anyOf: [ADDRESS, { type: 'array', items: ADDRESS, minItems: 1, maxItems: MOST_RECIPIENTS }],
  description: `an address like user@example.com, or a list of 1 to ${MOST_RECIPIENTS}`,
};

/** RFC 5322, 2.1.1: a line has at most 998 characters. A line break would begin another header. */
const SUBJECT: PayloadSchema = {
  type: 'string',
  maxLength: 998,
  pattern: '^[^\\r\\n]*$',
  description: 'one line',
};

const TEXT: PayloadSchema = { type: 'string', maxLength: 1_000_000 };

export const EMAIL_PAYLOAD: PayloadSchema = {
  type: 'object',
  properties: { to: ADDRESSES, recipient: ADDRESSES, subject: SUBJECT, body: TEXT, content: TEXT },
  anyOf: [{ required: ['to'] }, { required: ['recipient'] }],
  additionalProperties: false,
};
