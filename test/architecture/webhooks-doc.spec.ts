import { spawnSync } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesOfSecret } from '../../src/clients/signing-secrets.js';
import { signRequest } from '../../src/dispatch/sign-request.js';

// What docs/webhooks.md tells receivers to write, against the calls that the product makes.

const PAGE = readFileSync('docs/webhooks.md', 'utf8');
const SECRETS = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', `whsec_${Buffer.alloc(32, 7).toString('base64')}`];
const [SECRET = '', OTHER = ''] = SECRETS;
const BODY = '{"task_id":"a.1","text":"Grüße"}';
const NOW = Math.floor(Date.now() / 1000);

type Headers = Record<string, string>;
interface Call {
  readonly headers: Headers;
  readonly body: string;
  readonly secret: string;
}

function code(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`docs/webhooks.md shows no ${language}`);
  return found;
}

/** The headers of a call with this body, signed by each of the secrets. */
function signed(secrets: readonly string[], timestamp = NOW): Headers {
  const request = {
    url: 'http://a.example/',
    method: 'POST',
    headers: [],
    body: Buffer.from(BODY),
  } as unknown;
  const keys = secrets.map((secret) => createSecretKey(bytesOfSecret(secret)));
  const { headers } = signRequest(request as Parameters<typeof signRequest>[0], {
    id: 'a:1',
    timestamp,
    keys,
  });
  const pairs = Array.from({ length: headers.length / 2 }, (_, n) => [headers[2 * n], headers[2 * n + 1]]);
  return Object.fromEntries(pairs) as Headers;
}

const genuine = signed([SECRET]);
const without = (name: string): Headers =>
  Object.fromEntries(Object.entries(genuine).filter(([each]) => each !== name));
const call = (fields: Partial<Call>): Call => ({ headers: genuine, body: BODY, secret: SECRET, ...fields });

const CALLS: readonly (readonly [what: string, isGenuine: boolean, call: Call])[] = [
  ['as it was sent', true, call({})],
  ['signed with two secrets, by the first', true, call({ headers: signed(SECRETS) })],
  ['signed with two secrets, by the second', true, call({ headers: signed(SECRETS), secret: OTHER })],
  ['signed with another secret', false, call({ secret: OTHER })],
  ['with another body', false, call({ body: `${BODY} ` })],
  ['with another id', false, call({ headers: { ...genuine, 'webhook-id': 'a:2' } })],
  ['with another time', false, call({ headers: { ...genuine, 'webhook-timestamp': String(NOW + 1) } })],
  ['of an hour ago', false, call({ headers: signed([SECRET], NOW - 3600) })],
  ['of an hour from now', false, call({ headers: signed([SECRET], NOW + 3600) })],
  ['with a time that is none', false, call({ headers: { ...genuine, 'webhook-timestamp': 'now' } })],
  [
    'with a signature that is none',
    false,
    call({ headers: { ...genuine, 'webhook-signature': 'v1,é  v1' } }),
  ],
  ...Object.keys(genuine).map(
    (name) => [`without ${name}`, false, call({ headers: without(name) })] as const,
  ),
];

describe('the code of docs/webhooks.md', () => {
  it.each(CALLS)('for Node takes a call %s: %s', async (_what, expected, { headers, body, secret }) => {
    const module = (await import(`data:text/javascript,${encodeURIComponent(code('js'))}`)) as {
      isGenuine: (headers: Headers, body: Buffer, secret: string) => boolean;
    };
    expect(module.isGenuine(headers, Buffer.from(body), secret)).toBe(expected);
  });

  const hasPython = spawnSync('python3', ['-c', 'import hmac']).status === 0;
  it.skipIf(!hasPython)('for Python takes the same calls', () => {
    const run = `import json, sys
print(json.dumps([is_genuine(each["headers"], each["body"].encode(), each["secret"]) for each in json.load(sys.stdin)]))`;
    const input = JSON.stringify(CALLS.map(([, , each]) => each));
    const { stdout, stderr } = spawnSync('python3', ['-c', `${code('python')}\n${run}`], { input });
    expect(stderr.toString()).toBe('');
    expect(JSON.parse(stdout.toString())).toEqual(CALLS.map(([, expected]) => expected));
  });
});
