import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifies } from '../../test/support/verify-webhook.js';
import { bytesOfSecret, newSigningSecret } from '../clients/signing-secrets.js';
import type { OutgoingRequest } from './http-sender.js';
import { signRequest, webhookId } from './sign-request.js';

const AT = 1_614_265_330;

const keyOf = (secret: string) => createSecretKey(bytesOfSecret(secret));

function sending(body: Buffer | undefined, headers: readonly string[] = []): OutgoingRequest {
  return { url: 'http://target.test/', method: 'POST', headers, body, timeoutMs: 1 };
}

/** As a receiver sees it: names in lower case, of each the last value. */
function arrived({ headers, body }: OutgoingRequest) {
  const names: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) names[headers[at]!.toLowerCase()] = headers[at + 1]!;
  return { headers: names, body: body ?? Buffer.alloc(0) };
}

const signed = (body: Buffer | undefined, secrets: readonly string[], headers?: readonly string[]) =>
  signRequest(sending(body, headers), { id: 'msg_1', timestamp: AT, keys: secrets.map(keyOf) });

describe('signing a request', () => {
  it('gives what the libraries of the specification give for their example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const { headers } = signRequest(sending(Buffer.from('{"test": 2432232314}')), {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: AT,
      keys: [keyOf(secret)],
    });
    expect(headers).toEqual([
      ...['webhook-id', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp', '1614265330'],
      ...['webhook-signature', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    ]);
  });

  it.each([
    ['text', Buffer.from('{"ü": 1}')],
    ['bytes that are no text', Buffer.from([0xff, 0, 0xc3, 0x28, 0x0d, 0x0a])],
    ['no bytes', Buffer.alloc(0)],
    ['no body', undefined],
  ])('verifies over %s, and over nothing else', (_, body) => {
    const secret = newSigningSecret();
    const seen = arrived(signed(body, [secret]));
    expect(verifies(seen, secret, AT)).toBe(true);
    expect(verifies({ ...seen, body: Buffer.concat([seen.body, Buffer.from('x')]) }, secret, AT)).toBe(false);
    const later = { ...seen.headers, 'webhook-timestamp': String(AT + 1) };
    expect(verifies({ ...seen, headers: later }, secret, AT)).toBe(false);
    const other = { ...seen.headers, 'webhook-id': 'msg_2' };
    expect(verifies({ ...seen, headers: other }, secret, AT)).toBe(false);
    expect(verifies(seen, newSigningSecret(), AT)).toBe(false);
  });

  it('has a signature for each secret, so that whoever has either can verify', () => {
    const [old, young] = [newSigningSecret(), newSigningSecret()];
    const seen = arrived(signed(Buffer.from('body'), [old, young]));
    expect(seen.headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    for (const secret of [old, young]) expect(verifies(seen, secret, AT)).toBe(true);
  });

  it('lets headers of these names that the task brings along give way, and no others', () => {
    const secret = newSigningSecret();
    const own = ['Webhook-Signature', 'v1,forged', 'X-Own', 'webhook-id', 'WEBHOOK-ID', 'mine'];
    const { headers } = signed(Buffer.from('body'), [secret], own);
    expect(headers.slice(0, 3)).toEqual(['X-Own', 'webhook-id', 'webhook-id']);
    expect(headers).toHaveLength(8);
    expect(verifies(arrived({ ...sending(Buffer.from('body')), headers }), secret, AT)).toBe(true);
  });
});

it('the id of a task has no full stop in it as that of a webhook', () => {
  expect(webhookId('my-client.order-1')).toBe('my-client:order-1');
  expect(webhookId('0c9cf3a4-70f5-4b30-8fd3-b4a3bd6d3a9f')).toBe('0c9cf3a4-70f5-4b30-8fd3-b4a3bd6d3a9f');
});
