import { IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './setting.js';

const TOKEN = /^[\x21-\x7e]{0,512}$/;
const TOKEN_RULE = { message: '$property must be up to 512 printable ASCII characters without spaces' };
const TOKEN_ALLOWED = 'up to 512 printable ASCII characters without spaces';

/** What machines read of the fleet. */
export class MetricsSettings {
  @Env(
    'METRICS_TOKEN',
    'Token that `/metrics` requires in `Authorization: Bearer`; the admin key opens it, too. Empty = open to everybody.',
    { secret: true, allowed: TOKEN_ALLOWED },
  )
  @Matches(TOKEN, TOKEN_RULE)
  token = '';

  @Env(
    'METRICS_MAX_NAMES',
    'How many clients, queues and hosts have metrics of their own, of each so many; 0 = none. Further ones are counted together.',
  )
  @IsInt()
  @Min(0)
  @Max(1000)
  maxNames = 50;
}

/** How many workers are wanted. */
export class AutoscaleSettings {
  @Env(
    'AUTOSCALE_TOKEN',
    'Token that opens `GET /v1/autoscale`, in `Authorization: Bearer`; the admin key opens it, too. Empty = the admin key only.',
    { secret: true, allowed: TOKEN_ALLOWED },
  )
  @Matches(TOKEN, TOKEN_RULE)
  token = '';

  @Env('AUTOSCALE_MIN_WORKERS', 'Fewest worker processes that are ever wanted.')
  @IsInt()
  @Min(0)
  @Max(10_000)
  minWorkers = 1;

  @Env('AUTOSCALE_MAX_WORKERS', 'Most worker processes that are ever wanted.')
  @IsInt()
  @Min(1)
  @Max(10_000)
  maxWorkers = 5;

  @Env('AUTOSCALE_DRAIN_SEC', 'Within how many seconds the tasks that could run now should have begun.')
  @IsInt()
  @Min(1)
  @Max(86_400)
  drainSec = 60;
}
