import { IsIn, IsInt, IsIP, IsNumber, IsString, Matches, Max, Min } from 'class-validator';
import { DAY_SEC } from '../time/day.js';
import { AreHostNames, AreOrigins } from './host-names.js';
import { Env } from './setting.js';

const MODES = ['api', 'worker', 'both'] as const;
export type Mode = (typeof MODES)[number];

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** The process itself: its role, its server, its log. */
export class ServiceSettings {
  @Env(
    'CONFIG_FILE',
    'File with settings, YAML: their names in lower case, or the sections of Task Queue Go. The environment comes before it. Empty = `config.yaml` in the working directory, if there is one.',
    { allowed: 'a path' },
  )
  @IsString()
  configFile = '';

  @Env('MODE', 'Which half of the product this process runs: `api`, `worker` or `both`.')
  @IsIn(MODES)
  mode: Mode = 'both';

  @Env(
    'PORT',
    'Port of the HTTP server. Both halves listen: health, metrics, and the API where it runs. 0 = any.',
    { aliases: ['TASKQUEUE_SERVER_PORT'] },
  )
  @IsInt()
  @Min(0)
  @Max(65_535)
  port = 8080;

  @Env('BIND_ADDRESS', 'Address the HTTP server listens on.', {
    aliases: ['TASKQUEUE_SERVER_HOST'],
    allowed: 'an IPv4 or IPv6 address',
  })
  @IsIP()
  bindAddress = '0.0.0.0';

  @Env(
    'PATH_PREFIX',
    'Path below which the server is reached as well, like `/task-runner`: for a proxy in front that hands on paths as they are. One that begins a path of the API (`/v1`, `/tasks`) hides that at the root. Empty = the root only.',
    { allowed: 'parts of letters, digits, `.`, `_`, `~` and `-`, each after a slash, none at the end' },
  )
  @Matches(/^(\/[A-Za-z0-9._~-]+)*$/, {
    message: '$property must be a path like /task-runner, without a slash at its end',
  })
  pathPrefix = '';

  @Env(
    'ALLOWED_HOSTS',
    'Comma list of host names the server answers to; any other `Host` gets 421. Empty = all.',
    { allowed: 'names and addresses without ports' },
  )
  @AreHostNames()
  allowedHosts: string[] = [];

  @Env(
    'ALLOWED_ORIGINS',
    'Comma list of web origins besides its own whose pages may use the API (CORS). Pages of others may change nothing; programs are not concerned.',
    { allowed: 'origins as browsers write them, like `https://ops.example.com`' },
  )
  @AreOrigins()
  allowedOrigins: string[] = [];

  @Env('NODE_ENV', '`production` closes what is open for development. The image sets it.')
  @IsIn(['development', 'production', 'test'])
  nodeEnv: 'development' | 'production' | 'test' = 'development';

  @Env('LOG_LEVEL', '`debug`, `info`, `warn` or `error`.', { aliases: ['TASKQUEUE_LOGLEVEL'] })
  @IsIn(LOG_LEVELS)
  logLevel: LogLevel = 'info';

  @Env('MAX_REQUEST_BYTES', 'Largest request body; more gets 413.')
  @IsInt()
  @Min(1024)
  @Max(64 * 1024 * 1024)
  maxRequestBytes = 1024 * 1024;

  @Env('SHUTDOWN_TIMEOUT_SEC', 'How long running tasks may finish after SIGTERM; the rest is handed back.', {
    aliases: ['TASKQUEUE_WORKER_SHUTDOWNTIMEOUT'],
  })
  @IsNumber()
  @Min(0)
  @Max(DAY_SEC)
  shutdownTimeoutSec = 25;
}
