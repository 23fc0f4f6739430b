import { IsIn, IsInt, IsNumber, Matches, Max, Min } from 'class-validator';
import { Env } from './setting.js';

const AUTH_MODES = ['auto', 'open', 'key'] as const;

/** Who may enqueue, and as whom. */
export class ClientSettings {
  @Env(
    'AUTH_MODE',
    'Who may use `/v1`. `key`: whoever sends the API key of a client, and as that client only. `open`: everybody who reaches it, under any `client_id`. `auto` is `key` with `NODE_ENV=production`, else `open`.',
  )
  @IsIn(AUTH_MODES)
  authMode: (typeof AUTH_MODES)[number] = 'auto';

  @Env(
    'UNKNOWN_CLIENT_TIER',
    'Tier with which a `client_id` is registered that is new, in open mode. `none` = it is not registered, and has no limits until an admin sets some.',
    { allowed: 'name of a tier, or `none`' },
  )
  @Matches(/^[a-z0-9][a-z0-9_-]{0,31}$/, { message: '$property must be the name of a tier, or none' })
  unknownTier = 'free';

  @Env(
    'CLIENTS_MAX',
    'Clients that may have registered themselves, in open mode. Beyond it, the one that was idle for longest is forgotten, of which no task is alive; when there is none, a new one gets 503. Those that an admin has set do not count.',
  )
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  maxRegistered = 100_000;

  @Env(
    'CLIENT_IDLE_DAYS',
    'Days after which a client is forgotten that has registered itself and enqueued nothing since. Never while a task of it is alive.',
  )
  @IsNumber()
  @Min(0.01)
  @Max(3660)
  idleDays = 30;
}
