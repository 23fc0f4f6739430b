import type { Config } from '../config/config.js';

/** Whether `/v1` is only for those who send the API key of a client. */
export function requiresKey({ clients, service }: Config): boolean {
  if (clients.authMode !== 'auto') return clients.authMode === 'key';
  return service.nodeEnv === 'production';
}
