import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Received } from './receiver.js';

const TOLERANCE_SEC = 5 * 60;

/**
 * Whether somebody who has a secret sent what came, written from the text of Standard Webhooks 1.0.0 as a receiver would:
 * shares no code with the product.
 *
 * @param now Unix seconds
 */
export function verifies(received: Pick<Received, 'headers' | 'body'>, secret: string, now: number): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(received.headers[name] ?? ''),
  ) as [string, string, string];
  if (!/^\d+$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_SEC) return false;
  if (id === '' || id.includes('.')) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), received.body]);
  const expected = createHmac('sha256', key).update(signed).digest();
  return signatures
    .split(' ')
    .filter((text) => text.startsWith('v1,'))
    .map((text) => Buffer.from(text.slice(3), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}
