import { IsIn, IsInt, IsNumber, Matches, Max, Min } from 'class-validator';
import { DAY_SEC } from '../time/day.js';
import { Env } from './setting.js';

/** How tasks are tried, and how often. */
export class DeliverySettings {
  @Env('WORKER_CONCURRENCY', 'Attempts that one worker process runs at a time.', {
    aliases: ['TASKQUEUE_WORKER_CONCURRENCY'],
  })
  @IsInt()
  @Min(1)
  @Max(10_000)
  concurrency = 10;

  @Env(
    'QUEUE_WEIGHTS',
    'Shares of the slots for lanes that all have work: `<lane>:<weight>` with commas; a lane that is not named keeps its own.',
    { allowed: 'lane:weight, weights 0.01 to 1000' },
  )
  @Matches(/^((critical|high|default|low):(0\.\d{1,2}|[1-9]\d{0,2}(\.\d{1,2})?|1000),?)*$/, {
    message: '$property must be a comma list like critical:6,high:4,default:3,low:1',
  })
  queueWeights = 'critical:6,high:4,default:3,low:1';

  @Env(
    'PRIORITY_MODE',
    '`weighted` shares the slots between the lanes; `strict` empties a more urgent lane first.',
  )
  @IsIn(['weighted', 'strict'])
  priorityMode: 'weighted' | 'strict' = 'weighted';

  @Env(
    'TASK_TIMEOUT_SEC',
    'Deadline of an attempt (connect, headers and body) unless the task names its own.',
    { allowed: '0.001 to `MAX_TASK_TIMEOUT_SEC`' },
  )
  @IsNumber()
  @Min(0.001)
  timeoutSec = 1800;

  @Env('MAX_TASK_TIMEOUT_SEC', 'Longest deadline a task may name.')
  @IsNumber()
  @Min(1)
  @Max(20 * DAY_SEC)
  maxTimeoutSec = DAY_SEC;

  @Env(
    'MAX_TASK_AGE_SEC',
    'A task that is held back for this long after it was due becomes a dead letter that says by what.',
  )
  @IsInt()
  @Min(1)
  @Max(366 * DAY_SEC)
  maxTaskAgeSec = 7 * DAY_SEC;

  @Env('MAX_RETRY', 'Retries after the first try unless the task names its own number.')
  @IsInt()
  @Min(0)
  @Max(1000)
  maxRetry = 5;

  @Env(
    'RETRY_MIN_BACKOFF_SEC',
    'Wait before the first retry; doubles with each further one unless the task says how.',
    { aliases: ['TASKQUEUE_QUEUE_RETRYINITIALBACKOFF'] },
  )
  @IsNumber()
  @Min(0)
  @Max(30 * DAY_SEC)
  retryMinBackoffSec = 1;

  @Env('RETRY_MAX_BACKOFF_SEC', 'Longest wait before a retry unless the task names its own.', {
    aliases: ['TASKQUEUE_QUEUE_RETRYMAXBACKOFF'],
  })
  @IsNumber()
  @Min(0)
  @Max(30 * DAY_SEC)
  retryMaxBackoffSec = 300;

  @Env('RETRY_JITTER', 'Share by which a wait is spread at random; 0.1 = ±10 %.')
  @IsNumber()
  @Min(0)
  @Max(1)
  retryJitter = 0.1;

  @Env(
    'TASK_LOCK_SEC',
    'How long a running task belongs to its worker without a sign of life. What a killed worker held runs again after at most this and a sixth of it; shorter than an outage of Redis, and tasks run twice.',
    { aliases: ['TASKQUEUE_QUEUE_CLAIMMINIDLE'] },
  )
  @IsNumber()
  @Min(1)
  @Max(3600)
  lockSec = 30;

  @Env('RETRY_AFTER_MAX_SEC', 'Longest wait that a target can ask for with `Retry-After`; 0 = not honoured.')
  @IsNumber()
  @Min(0)
  @Max(30 * DAY_SEC)
  retryAfterMaxSec = 3600;

  @Env('SCHEDULE_HORIZON_DAYS', 'How far in the future a task may be scheduled.')
  @IsInt()
  @Min(1)
  @Max(3660)
  scheduleHorizonDays = 366;

  @Env(
    'RESPONSE_CAPTURE_BYTES',
    'How much of a failed answer is kept with the attempt. Of the attempts of a task the first and the newest are kept, at most 50 and 64 KiB.',
  )
  @IsInt()
  @Min(0)
  @Max(65_536)
  responseCaptureBytes = 2048;
}
