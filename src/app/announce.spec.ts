import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from 'vitest';
import { loadConfig } from '../config/load-config.js';
import { announce } from './announce.js';

let warnings: MockInstance;
beforeEach(() => {
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  warnings = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

function warnedOf(environment: Record<string, string>): string {
  announce(loadConfig(environment), 'http://localhost:8080');
  return warnings.mock.calls.flat().join('\n');
}

it('warns of an admin key that is easy to guess, and does not repeat it', () => {
  const warned = warnedOf({ ADMIN_API_KEY: 'hunter2' });
  expect(warned).toMatch(/^ADMIN_API_KEY has fewer than 16 characters: production refuses it$/m);
  expect(warned).not.toContain('hunter2');
});

it('has nothing to say of a good one', () => {
  expect(warnedOf({ ADMIN_API_KEY: 'correct-horse-battery' })).not.toContain('ADMIN_API_KEY');
});
