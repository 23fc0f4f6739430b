import type { Config } from '../config/config.js';
import type { AdminAccess } from '../http/admin-key.js';

/** Open only where somebody said so: a key closes it to others, and in production no key closes it to all. */
export function adminAccess({ admin, service }: Config): AdminAccess {
  if (admin.apiKey !== '') return { kind: 'key', key: admin.apiKey };
  if (admin.auth === 'none' || service.nodeEnv !== 'production') return { kind: 'open' };
  return { kind: 'shut' };
}
