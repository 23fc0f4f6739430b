import { expect, it } from 'vitest';
import { hostName } from './host-name.js';

it.each([
  ['http://a.example', 'http://a.example'],
  ['HTTP://A.Example:80/path?q#f', 'http://a.example'],
  ['https://a.example:443', 'https://a.example'],
  ['https://a.example:8443/', 'https://a.example:8443'],
  ['http://[::1]:80/', 'http://[::1]'],
  ['http://bücher.example/', 'http://xn--bcher-kva.example'],
  ['a.example', 'a.example'],
  ['ftp://a.example/x', 'ftp://a.example/x'],
])('of %s is %s', (text, name) => {
  expect(hostName(text)).toBe(name);
});
