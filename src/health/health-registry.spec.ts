import { describe, expect, it } from 'vitest';
import { HealthRegistry } from './health-registry.js';

describe('HealthRegistry', () => {
  it('asks every probe, and takes one that rejects or throws as down', async () => {
    const registry = new HealthRegistry();
    registry.register({ name: 'a', check: () => ({ up: true }) });
    registry.register({ name: 'b', check: () => Promise.reject(new Error('gone')) });
    registry.register({
      name: 'c',
      check: () => {
        throw new Error('broken');
      },
    });
    expect(Object.fromEntries(await registry.checkAll())).toEqual({
      a: { up: true },
      b: { up: false, detail: { error: 'does not answer as it should; the log says why' } },
      c: { up: false, detail: { error: 'does not answer as it should; the log says why' } },
    });
  });

  it('takes what nobody registered as down', async () => {
    expect(await new HealthRegistry().check('redis')).toEqual({ up: false });
  });
});
