import { expect, it } from 'vitest';
import { jsonPointer } from './json-pointer.js';

it('jsonPointer escapes what has a meaning in a pointer', () => {
  expect(jsonPointer([])).toBe('');
  expect(jsonPointer(['task', 'headers', 'a/b~1', 0, ''])).toBe('/task/headers/a~1b~01/0/');
});
