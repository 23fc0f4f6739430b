import { expect, it } from 'vitest';
import { hostOf, hostOfUrl } from './host-gate.js';

it.each([
  'https://a.example/hook',
  'https://a.example',
  'https://a.example?x=1',
  'https://a.example:443/hook',
  'http://a.example:8080#x',
  'https://a.example./hook',
  'https://A.example/hook',
  'HTTPS://a.example/hook',
  'http://b\u00fccher.example/hook',
  'http://127.1/hook',
  'http://[::1]:8080/hook',
  'http://[::ffff:10.0.0.1]/hook',
  'http://0x7f000001:80/',
  'https://a.example%2eb/x',
])('%s is called at the host of its origin, asked for the first time or again', (url) => {
  const host = hostOf(new URL(url));
  expect([hostOfUrl(url), hostOfUrl(url), hostOfUrl(`${url.split(/[?#]/)[0]}/other`)]).toEqual([
    host,
    host,
    host,
  ]);
});

it('remembers a bounded number of hosts, and is right about the others', () => {
  for (let n = 0; n < 2500; n++) expect(hostOfUrl(`http://h${n}.example/x`)).toBe(`http://h${n}.example`);
  expect(hostOfUrl('http://h0.example:80/x')).toBe('http://h0.example');
});
