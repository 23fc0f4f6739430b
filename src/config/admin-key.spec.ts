import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { weaknessOf } from './admin-key.js';

it.each([
  'x',
  'fifteen-letters',
  'aaaaaaaaaaaaaaaaaaaaaaaa',
  'abababababababababababab',
  'change-me-change-me',
  'CHANGEME-in-production',
  'your-secret-admin-key',
  'my-password-is-good',
  '1234567890123456',
  '0123456789abcdef',
])('%s is weak', (key) => {
  expect(weaknessOf(key)).toMatch(/^(?:has fewer than|holds words)/);
});

it('keys that were drawn are not', () => {
  for (let n = 0; n < 1000; n++) {
    expect(weaknessOf(randomBytes(32).toString('base64url'))).toBeUndefined();
  }
  expect(weaknessOf('correct-horse-battery')).toBeUndefined();
});
