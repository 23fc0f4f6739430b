import type { Client, ClientRecord } from './client.js';
import { FREE, type Limits } from './tier.js';

/** What an admin sets for a client: what is absent stays as it is, `null` takes away what was set. */
export interface ClientSettings {
  readonly tier?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly requestsPerMinute?: number | null | undefined;
  readonly maxConcurrent?: number | null | undefined;
  readonly maxAlive?: number | null | undefined;
}

/**
 * A client as an admin wants it.
 *
 * @param now Unix milliseconds
 */
export function withSettings(
  current: Client | undefined,
  settings: ClientSettings,
  now: number,
): ClientRecord {
  const { overrides = {}, maxAlive: mostAlive, ...before } = current?.record ?? newClient(FREE, now);
  const maxAlive = chosen(settings.maxAlive, mostAlive);
  return {
    ...before,
    tier: settings.tier ?? before.tier,
    enabled: settings.enabled ?? before.enabled,
    ...withOverrides(overrides, settings),
    ...(maxAlive !== undefined && { maxAlive }),
    updatedAt: now,
  };
}

/** A client that no admin has set. */
export function newClient(tier: string, now: number): ClientRecord {
  return { tier, enabled: true, registeredBy: 'itself', createdAt: now, updatedAt: now };
}

function withOverrides(before: Limits, settings: ClientSettings): Pick<ClientRecord, 'overrides'> {
  const requestsPerMinute = chosen(settings.requestsPerMinute, before.requestsPerMinute);
  const maxConcurrent = chosen(settings.maxConcurrent, before.maxConcurrent);
  if (requestsPerMinute === undefined && maxConcurrent === undefined) return {};
  return {
    overrides: {
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      ...(maxConcurrent !== undefined && { maxConcurrent }),
    },
  };
}

function chosen(asked: number | null | undefined, before: number | undefined): number | undefined {
  return asked === undefined ? before : (asked ?? undefined);
}
