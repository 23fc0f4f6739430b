import type { Config } from '../config/config.js';
import type { AdminAccess } from '../http/admin-guard.js';

/** Open only where somebody said so: a key closes it to others, and in production no key closes it to all. */
export function adminAccess({ adminApiKey, adminAuth, nodeEnv }: Config): AdminAccess {
  if (adminApiKey !== '') return { kind: 'key', key: adminApiKey };
  if (adminAuth === 'none' || nodeEnv !== 'production') return { kind: 'open' };
  return { kind: 'shut' };
}
