import { expect, it } from 'vitest';
import { sentKey } from './sent-key.js';

it.each([
  [{}, undefined],
  [{ authorization: 'Bearer k1' }, 'k1'],
  [{ authorization: 'bearer   k1 ' }, 'k1'],
  [{ authorization: 'Basic azE6' }, undefined],
  [{ authorization: 'Bearer' }, undefined],
  [{ 'x-api-key': 'k1' }, 'k1'],
  [{ 'x-client-key': 'k1' }, 'k1'],
  [{ authorization: 'Bearer k1', 'x-api-key': 'k1', 'x-client-key': 'k1' }, 'k1'],
  [{ authorization: 'Basic azE6', 'x-api-key': 'k1' }, 'k1'],
  [{ authorization: 'Bearer k1', 'x-api-key': 'k2' }, 'several'],
  [{ 'x-api-key': 'k1, k2' }, 'k1, k2'],
])('%j comes with %s', (headers, key) => {
  expect(sentKey(headers)).toBe(key);
});
