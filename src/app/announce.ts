import { Logger } from '@nestjs/common';
import { weaknessOf } from '../config/admin-key.js';
import { buildInfo } from '../config/build-info.js';
import type { Config } from '../config/config.js';
import { adminAccess } from './admin-access.js';

/** What runs, and every door that stands open, in the log of each start. */
export function announce(config: Config, url: string): void {
  const logger = new Logger('TaskRunner');
  logger.log(
    { version: buildInfo.version, commit: buildInfo.commit, url },
    `ready as ${config.service.mode}`,
  );
  for (const warning of openDoors(config)) logger.warn(warning);
}

function openDoors(config: Config): string[] {
  const doors = weakKey(config);
  const kind = config.service.mode === 'worker' ? 'elsewhere' : adminAccess(config).kind;
  if (kind === 'open') doors.push('Admin API key not configured - admin endpoints are unprotected');
  if (kind === 'shut')
    doors.push('Admin API key not configured - admin endpoints answer 503 (see ADMIN_AUTH)');
  if (config.outgoing.allowPrivateUrls) doors.push('ALLOW_PRIVATE_URLS: tasks may call private addresses');
  else if (config.outgoing.allowLoopbackUrls) {
    doors.push(
      'ALLOW_LOOPBACK_URLS: tasks may call this machine itself; other private addresses stay refused',
    );
  }
  if (config.outgoing.egressProxy !== '')
    doors.push(
      'EGRESS_PROXY: names are resolved by the proxy, which has to keep tasks from private addresses',
    );
  if (config.service.allowedHosts.length > 0) {
    doors.push(
      `bound to ${config.service.bindAddress}; answers only to Host ${config.service.allowedHosts.join(', ')}`,
    );
  }
  return doors;
}

function weakKey({ admin }: Config): string[] {
  const weakness = admin.apiKey === '' ? undefined : weaknessOf(admin.apiKey);
  return weakness === undefined ? [] : [`ADMIN_API_KEY ${weakness}: production refuses it`];
}
