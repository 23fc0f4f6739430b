import { Logger } from '@nestjs/common';
import { weaknessOf } from '../config/admin-key.js';
import { buildInfo } from '../config/build-info.js';
import type { Config } from '../config/config.js';
import { requiresKey } from '../clients/requires-key.js';
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

type Door = readonly [stands: boolean, words: string];

function openDoors(config: Config): string[] {
  const { service } = config;
  const doors: Door[] = [
    ...(service.mode === 'worker' ? [] : doorsOfTheApi(config)),
    ...waysOut(config),
    [
      service.allowedHosts.length > 0,
      `bound to ${service.bindAddress}; answers only to Host ${service.allowedHosts.join(', ')}`,
    ],
  ];
  return doors.filter(([stands]) => stands).map(([, words]) => words);
}

function doorsOfTheApi(config: Config): Door[] {
  const { kind } = adminAccess(config);
  const weakness = kind === 'key' ? weaknessOf(config.admin.apiKey) : undefined;
  return [
    [weakness !== undefined, `ADMIN_API_KEY ${weakness}: production refuses it`],
    [kind === 'open', 'Admin API key not configured - admin endpoints are unprotected'],
    [kind === 'shut', 'Admin API key not configured - admin endpoints answer 503 (see ADMIN_AUTH)'],
    [
      kind === 'shut' && requiresKey(config),
      'AUTH_MODE is key, and with the admin API closed no client gets a key: set ADMIN_API_KEY',
    ],
    [!requiresKey(config), 'AUTH_MODE is open: whoever reaches this server may enqueue, as any client'],
  ];
}

function waysOut({ outgoing }: Config): Door[] {
  const { allowPrivateUrls, allowLoopbackUrls, egressProxy } = outgoing;
  return [
    [allowPrivateUrls, 'ALLOW_PRIVATE_URLS: tasks may call private addresses'],
    [
      allowLoopbackUrls && !allowPrivateUrls,
      'ALLOW_LOOPBACK_URLS: tasks may call this machine itself; other private addresses stay refused',
    ],
    [
      egressProxy !== '',
      'EGRESS_PROXY: names are resolved by the proxy, which has to keep tasks from private addresses',
    ],
  ];
}
