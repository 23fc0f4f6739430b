import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/raw-request.js';
import { storedKeys, TestApp } from '../support/test-app.js';

const MAX_REQUEST_BYTES = 10_000;
const BODY = JSON.stringify({ client_id: 'test-client', task: { url: 'https://api.example.com/' } });
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

let app: TestApp;
let before: string[];

beforeAll(async () => {
  app = await TestApp.start({ MODE: 'api', MAX_REQUEST_BYTES: String(MAX_REQUEST_BYTES) });
  before = await storedKeys();
});
afterAll(async () => {
  await app.stop();
});

function enqueue(headers: readonly string[], body: string, version = '1.1'): Promise<string> {
  const lines = [`POST /v1/enqueue HTTP/${version}`, 'Host: a', 'Content-Type: application/json', ...headers];
  return rawRequest(app.url, `${lines.join('\r\n')}\r\n\r\n${body}`);
}

describe('how a body is framed', () => {
  it.each([
    ['gzip, chunked', '1.1', 'unsupported_transfer_coding'],
    ['gzip,chunked', '1.1', 'unsupported_transfer_coding'],
    ['trailers, chunked', '1.1', 'unsupported_transfer_coding'],
    ['chunked', '1.0', 'malformed_request'],
    ['gzip, chunked', '1.0', 'malformed_request'],
  ])('as %s in HTTP/%s is refused, and the connection ended', async (coding, version, code) => {
    const answer = await enqueue([`Transfer-Encoding: ${coding}`, 'Connection: keep-alive'], CHUNKS, version);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(await storedKeys()).toEqual(before);
  });

  it.each([
    ['in HTTP/1.1 chunked', ['Transfer-Encoding: Chunked', 'Connection: close'], CHUNKS, '1.1'],
    ['in HTTP/1.0 by its length', [`Content-Length: ${BODY.length}`], BODY, '1.0'],
  ])('as it may be is 202: %s', async (_what, headers, body, version) => {
    expect(await enqueue(headers, body, version)).toMatch(/^HTTP\/1\.1 202 /);
  });
});

describe('Expect: 100-continue', () => {
  const EXPECT = ['Expect: 100-continue', 'Connection: close'];

  it('gets 413 at once when the body is larger than is taken', async () => {
    const answer = await enqueue([`Content-Length: ${MAX_REQUEST_BYTES + 1}`, ...EXPECT], '');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('"code":"payload_too_large"');
  });

  it('ends the connection then, because what comes next may be that body', async () => {
    const lines = `Host: a\r\nExpect: 100-continue\r\nContent-Length: ${MAX_REQUEST_BYTES + 1}`;
    for (const path of ['/v1/enqueue', '/nowhere', '/version']) {
      const answer = await rawRequest(app.url, `POST ${path} HTTP/1.1\r\n${lines}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).toMatch(/^connection: close\r$/im);
    }
  });

  it('gets 100 for as much as its route takes', async () => {
    const batch = JSON.stringify({ tasks: Array(200).fill(JSON.parse(BODY)) });
    expect(batch.length).toBeGreaterThan(MAX_REQUEST_BYTES);
    const lines = ['Host: a', 'Content-Type: application/json', `Content-Length: ${batch.length}`, ...EXPECT];
    const request = `POST /v1/enqueue/batch HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${batch}`;
    expect(await rawRequest(app.url, request)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
  });

  it('is the only expectation that there is; another one gets 417', async () => {
    for (const other of ['foo', '100-continue, foo']) {
      const answer = await enqueue([`Expect: ${other}`, 'Content-Length: 0', 'Connection: close'], '');
      expect(answer).toMatch(/^HTTP\/1\.1 417 /);
      expect(answer).toContain('"code":"expectation_failed"');
    }
    expect(await enqueue([`Content-Length: ${BODY.length}`, 'Expect: foo'], BODY, '1.0')).toMatch(/ 202 /);
  });

  it('gets no 100 when it is refused for something else', async () => {
    const foreign = ['Origin: https://evil.example', `Content-Length: ${BODY.length}`, ...EXPECT];
    expect(await enqueue(foreign, '')).toMatch(/^HTTP\/1\.1 403 /);
    const unknown = ['POST /nowhere HTTP/1.1', 'Host: a', `Content-Length: ${BODY.length}`, ...EXPECT];
    expect(await rawRequest(app.url, `${unknown.join('\r\n')}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('means nothing in HTTP/1.0', async () => {
    const answer = await enqueue([`Content-Length: ${BODY.length}`, ...EXPECT], BODY, '1.0');
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  });

  it('gets 100, and then its answer, when it is not', async () => {
    const answer = await enqueue([`Content-Length: ${BODY.length}`, ...EXPECT], BODY);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
  });
});
