import { expect, it } from 'vitest';
import { readHost } from './host-name.js';

it.each([
  ['http://a.example', 'http://a.example'],
  ['HTTP://A.Example:80/path?q#f', 'http://a.example'],
  ['https://a.example:443', 'https://a.example'],
  ['https://a.example:8443/', 'https://a.example:8443'],
  ['https://a.example.:8443/', 'https://a.example:8443'],
  ['https:a.example', 'https://a.example'],
  ['http:a.example:8080', 'http://a.example:8080'],
  ['http:/a.example', 'http://a.example'],
  ['http://[::1]:80/', 'http://[::1]'],
  ['http://bücher.example/', 'http://xn--bcher-kva.example'],
  ['a.example', 'https://a.example'],
  ['A.example.', 'https://a.example'],
  ['a.example:443', 'https://a.example'],
  ['a.example:8443', 'https://a.example:8443'],
  ['a.example:80', 'http://a.example'],
  ['127.1:80', 'http://127.0.0.1'],
  ['[::1]:8443', 'https://[::1]:8443'],
  ['http://[::ffff:127.0.0.1]:8080', 'http://127.0.0.1:8080'],
  ['[::FFFF:a00:1]', 'https://10.0.0.1'],
  ['[::ffff:0:0]:80', 'http://0.0.0.0'],
  ['[::ffff:0:7f00:1]', 'https://[::ffff:0:7f00:1]'],
  ['localhost', 'https://localhost'],
])('of %s is %s', (text, host) => {
  expect(readHost(text)).toBe(host);
});

it.each(
  [
    [
      '',
      'http://',
      'https:',
      'a b',
      'a.example/path',
      'user@a.example',
      'a.example:',
      'a.example:70000',
      'a.example:x',
    ],
    ['ftp://a.example/x', 'ws:a.example', '*.example.com', 'https://*.example.com', '::1', '[::1', '[a]'],
    [`https://${'a.'.repeat(127)}example`, '%', 'http://%zz', '..', '.', 'https:...'],
  ].flat(),
)('%s names none', (text) => {
  expect(readHost(text)).toBeUndefined();
});
