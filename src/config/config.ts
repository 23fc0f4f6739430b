import {
  IsBoolean,
  IsIn,
  IsInt,
  IsIP,
  IsNumber,
  IsString,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { Env } from './setting.js';

export const MODES = ['api', 'worker', 'both'] as const;
export type Mode = (typeof MODES)[number];

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const DAY_SEC = 86_400;
const isSet = (_: Config, value: unknown): boolean => value !== '';
const HOST_PORT = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/;

/** Every setting of the product. A field's default is the product's default; its type tells how text is read. */
export class Config {
  @Env('MODE', 'Which half of the product this process runs: `api`, `worker` or `both`.')
  @IsIn(MODES)
  mode: Mode = 'both';

  @Env('PORT', 'Port of the HTTP server. Both halves listen: health, metrics, and the API where it runs. 0 = any.')
  @IsInt()
  @Min(0)
  @Max(65_535)
  port = 8080;

  @Env('BIND_ADDRESS', 'Address the HTTP server listens on.')
  @IsIP()
  bindAddress = '0.0.0.0';

  @Env('ALLOWED_HOSTS', 'Comma list of host names the server answers to; any other `Host` gets 421. Empty = all.')
  @Matches(/^[A-Za-z0-9.:[\]_-]+$/, { each: true })
  allowedHosts: string[] = [];

  @Env('NODE_ENV', '`production` closes what is open for development. The image sets it.')
  @IsIn(['development', 'production', 'test'])
  nodeEnv: 'development' | 'production' | 'test' = 'development';

  @Env('LOG_LEVEL', '`debug`, `info`, `warn` or `error`.')
  @IsIn(LOG_LEVELS)
  logLevel: LogLevel = 'info';

  @Env('MAX_REQUEST_BYTES', 'Largest request body; more gets 413.')
  @IsInt()
  @Min(1024)
  @Max(64 * 1024 * 1024)
  maxRequestBytes = 1024 * 1024;

  @Env('SHUTDOWN_TIMEOUT_SEC', 'How long running tasks may finish after SIGTERM; the rest is handed back.')
  @IsNumber()
  @Min(0)
  @Max(DAY_SEC)
  shutdownTimeoutSec = 25;

  @Env('ADMIN_API_KEY', 'Key that `/admin` requires in `X-Admin-Key`.', { group: 'Admin', secret: true })
  @IsString()
  @MaxLength(512)
  adminApiKey = '';

  @Env(
    'ADMIN_AUTH',
    '`none` opens `/admin` without a key also in production. With `key` and no key, `/admin` is open in development and answers 503 in production.',
    { group: 'Admin' },
  )
  @IsIn(['key', 'none'])
  adminAuth: 'key' | 'none' = 'key';

  @Env('WORKER_CONCURRENCY', 'Attempts that one worker process runs at a time.', { group: 'Delivery' })
  @IsInt()
  @Min(1)
  @Max(10_000)
  workerConcurrency = 10;

  @Env('TASK_TIMEOUT_SEC', 'Deadline of an attempt (connect, headers and body) unless the task names its own.', {
    group: 'Delivery',
  })
  @IsNumber()
  @Min(0.001)
  taskTimeoutSec = 1800;

  @Env('MAX_TASK_TIMEOUT_SEC', 'Longest deadline a task may name.', { group: 'Delivery' })
  @IsNumber()
  @Min(1)
  @Max(20 * DAY_SEC)
  maxTaskTimeoutSec = DAY_SEC;

  @Env('MAX_RETRY', 'Retries after the first try unless the task names its own number.', { group: 'Delivery' })
  @IsInt()
  @Min(0)
  @Max(1000)
  maxRetry = 5;

  @Env('RETRY_MIN_BACKOFF_SEC', 'Wait before the first retry; doubles with each further one.', {
    group: 'Delivery',
  })
  @IsNumber()
  @Min(0)
  @Max(30 * DAY_SEC)
  retryMinBackoffSec = 1;

  @Env('RETRY_MAX_BACKOFF_SEC', 'Longest wait before a retry.', { group: 'Delivery' })
  @IsNumber()
  @Min(0)
  @Max(30 * DAY_SEC)
  retryMaxBackoffSec = 300;

  @Env('RETRY_JITTER', 'Share by which a wait is spread at random; 0.1 = ±10 %.', { group: 'Delivery' })
  @IsNumber()
  @Min(0)
  @Max(1)
  retryJitter = 0.1;

  @Env('SCHEDULE_HORIZON_DAYS', 'How far in the future a task may be scheduled.', { group: 'Delivery' })
  @IsInt()
  @Min(1)
  @Max(3660)
  scheduleHorizonDays = 366;

  @Env('RESPONSE_CAPTURE_BYTES', 'How much of a failed answer is kept with the attempt.', { group: 'Delivery' })
  @IsInt()
  @Min(0)
  @Max(65_536)
  responseCaptureBytes = 2048;

  @Env('ALLOW_PRIVATE_URLS', 'Lets tasks call private and loopback addresses; cloud metadata stays refused.', {
    group: 'Outgoing requests',
  })
  @IsBoolean()
  allowPrivateUrls = false;

  @Env('ALLOW_LOOPBACK_URLS', 'Lets tasks call loopback addresses only. `npm start` sets it.', {
    group: 'Outgoing requests',
  })
  @IsBoolean()
  allowLoopbackUrls = false;

  @Env('DENY_CIDRS', 'Comma list of address ranges no task may call, whatever else is allowed.', {
    group: 'Outgoing requests',
  })
  @Matches(/^[0-9A-Fa-f.:]+\/\d{1,3}$/, { each: true })
  denyCidrs: string[] = [];

  @Env('TASK_RETENTION_DAYS', 'Days a completed task can be looked up.', { group: 'Retention' })
  @IsNumber()
  @Min(0)
  @Max(3660)
  taskRetentionDays = 7;

  @Env('DEAD_RETENTION_DAYS', 'Days a dead letter is kept; 0 = until someone retries or deletes it.', {
    group: 'Retention',
  })
  @IsNumber()
  @Min(0)
  @Max(3660)
  deadRetentionDays = 30;

  @Env('REDIS_URL', 'Redis as `redis://` or `rediss://` URL. Wins over the settings below.', {
    group: 'Redis',
    secret: true,
  })
  @ValidateIf(isSet)
  @IsUrl({ protocols: ['redis', 'rediss'], require_tld: false, require_protocol: true })
  redisUrl = '';

  @Env('REDIS_ADDRESS', 'Redis as `host:port`. Wins over `REDIS_HOST` and `REDIS_PORT`.', {
    group: 'Redis',
    aliases: ['REDIS_ADDR'],
  })
  @ValidateIf(isSet)
  @Matches(HOST_PORT, { message: '$property must be host:port' })
  redisAddress = '';

  @Env('REDIS_HOST', 'Host of Redis.', { group: 'Redis' })
  @IsString()
  @MaxLength(255)
  redisHost = 'localhost';

  @Env('REDIS_PORT', 'Port of Redis.', { group: 'Redis' })
  @IsInt()
  @Min(1)
  @Max(65_535)
  redisPort = 6379;

  @Env('REDIS_PASSWORD', 'Password of Redis, unless the URL has one.', { group: 'Redis', secret: true })
  @IsString()
  redisPassword = '';

  @Env('REDIS_CONNECT_RETRIES', 'How often the start tries to reach Redis before it gives up.', { group: 'Redis' })
  @IsInt()
  @Min(1)
  @Max(100_000)
  redisConnectRetries = 30;

  @Env('REDIS_RETRY_INTERVAL_SEC', 'Wait between those tries.', { group: 'Redis' })
  @IsNumber()
  @Min(0.01)
  @Max(3600)
  redisRetryIntervalSec = 2;
}
