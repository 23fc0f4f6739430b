import { IsBoolean, IsIn, IsInt, IsNumber, IsString, Max, Min } from 'class-validator';
import { AreHostsAndPorts, IsHost, IsHostAndPort, IsRedisUrl } from './address-rules.js';
import { Env } from './setting.js';

const DURABILITIES = ['auto', 'replica', 'master'] as const;

/** Where Redis is. The first that is set wins: Sentinel, URL, address, host and port. */
export class RedisSettings {
  @Env('REDIS_SENTINEL_ADDR', 'Redis Sentinels, which know the master. Wins over all settings below.', {
    allowed: 'one `host:port` or a comma list',
  })
  @AreHostsAndPorts()
  sentinels: string[] = [];

  @Env('REDIS_MASTER_NAME', 'Name of the master that the Sentinels watch.', { allowed: 'any text' })
  @IsString()
  masterName = 'mymaster';

  @Env('REDIS_SENTINEL_USERNAME', 'User of the Sentinels, if they have users.', { allowed: 'any text' })
  @IsString()
  sentinelUsername = '';

  @Env('REDIS_SENTINEL_PASSWORD', 'Password of the Sentinels, if they have one of their own.', {
    secret: true,
    allowed: 'any text',
  })
  @IsString()
  sentinelPassword = '';

  @Env('REDIS_URL', 'Redis as `redis://` or `rediss://` URL. Wins over the settings below.', {
    secret: true,
    allowed: '`redis://user:password@host:port/database`, all but the host optional',
  })
  @IsRedisUrl()
  url = '';

  @Env('REDIS_ADDRESS', 'Redis as `host:port`. Wins over `REDIS_HOST` and `REDIS_PORT`.', {
    aliases: ['TASKQUEUE_REDIS_ADDR', 'REDIS_ADDR'],
    allowed: '`host:port`, IPv6 in brackets',
  })
  @IsHostAndPort()
  address = '';

  @Env('REDIS_HOST', 'Host of Redis.', { allowed: 'a name or an address, IPv6 in brackets' })
  @IsHost()
  host = 'localhost';

  @Env('REDIS_PORT', 'Port of Redis.')
  @IsInt()
  @Min(1)
  @Max(65_535)
  port = 6379;

  @Env('REDIS_DB', 'Number of the database in Redis; a URL says it by itself.', {
    aliases: ['TASKQUEUE_REDIS_DB'],
  })
  @IsInt()
  @Min(0)
  @Max(65_535)
  db = 0;

  @Env('REDIS_USERNAME', 'User of Redis, unless the URL has one.', { allowed: 'any text' })
  @IsString()
  username = '';

  @Env('REDIS_PASSWORD', 'Password of Redis, unless the URL has one.', {
    aliases: ['TASKQUEUE_REDIS_PASSWORD'],
    secret: true,
    allowed: 'any text',
  })
  @IsString()
  password = '';

  @Env(
    'REDIS_TLS',
    'TLS to Redis and the Sentinels; a `rediss://` URL says so by itself. `NODE_EXTRA_CA_CERTS` names a CA of your own.',
  )
  @IsBoolean()
  tls = false;

  @Env(
    'DURABILITY',
    'When an enqueue is answered: `replica` = the replicas that are in step have the task too, at least one, `master` = Redis alone has it. `auto` is `replica` with Sentinel, else `master`.',
  )
  @IsIn(DURABILITIES)
  durability: (typeof DURABILITIES)[number] = 'auto';

  @Env('REDIS_CONNECT_RETRIES', 'How often the start tries to reach Redis before it gives up.')
  @IsInt()
  @Min(1)
  @Max(100_000)
  connectRetries = 30;

  @Env('REDIS_RETRY_INTERVAL_SEC', 'Wait between those tries.')
  @IsNumber()
  @Min(0.01)
  @Max(3600)
  retryIntervalSec = 2;
}
