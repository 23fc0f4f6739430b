import { expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { requiresKey } from './requires-key.js';

it.each([
  [{}, false],
  [{ NODE_ENV: 'test' }, false],
  [{ NODE_ENV: 'production' }, true],
  [{ NODE_ENV: 'production', AUTH_MODE: 'auto' }, true],
  [{ NODE_ENV: 'production', AUTH_MODE: 'open' }, false],
  [{ AUTH_MODE: 'key' }, true],
])('%j: a key is required: %s', (environment, isRequired) => {
  expect(requiresKey(loadConfig(environment))).toBe(isRequired);
});
