import { IsNumber, Matches, Max, Min } from 'class-validator';
import { Env } from './setting.js';

/** Worker processes as a whole. */
export class WorkerSettings {
  @Env(
    'WORKER_ID',
    'Name of this worker process, by which admins pause it. It must be the same after a restart for a pause to last, and no two may share one. Empty = host name and process id.',
    { aliases: ['TASKQUEUE_WORKER_ID'], allowed: '1 to 128 letters, digits, dots, hyphens or underscores' },
  )
  @Matches(/^[A-Za-z0-9._-]{0,128}$/, {
    message: '$property must be 1 to 128 letters, digits, dots, hyphens or underscores',
  })
  id = '';

  @Env('WORKER_HEARTBEAT_SEC', 'How often a worker gives a sign of life.', {
    aliases: ['TASKQUEUE_WORKER_HEARTBEATINTERVAL'],
  })
  @IsNumber()
  @Min(0.1)
  @Max(3600)
  heartbeatSec = 5;

  @Env('WORKER_TIMEOUT_SEC', 'How long a worker may be silent before it counts as gone.', {
    aliases: ['TASKQUEUE_WORKER_HEARTBEATTIMEOUT'],
    allowed: 'twice `WORKER_HEARTBEAT_SEC` to 86400',
  })
  @IsNumber()
  @Max(86_400)
  timeoutSec = 15;
}
