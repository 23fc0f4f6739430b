import { IsInt, IsNumber, IsString, Max, Min } from 'class-validator';
import { IsHost, IsHostAndPort, IsRedisUrl } from './address-rules.js';
import { Env } from './setting.js';

/** Where Redis is. The first that is set wins: URL, address, host and port. */
export class RedisSettings {
  @Env('REDIS_URL', 'Redis as `redis://` or `rediss://` URL. Wins over the settings below.', {
    secret: true,
    allowed: '`redis://user:password@host:port/database`, all but the host optional',
  })
  @IsRedisUrl()
  url = '';

  @Env('REDIS_ADDRESS', 'Redis as `host:port`. Wins over `REDIS_HOST` and `REDIS_PORT`.', {
    aliases: ['REDIS_ADDR'],
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

  @Env('REDIS_PASSWORD', 'Password of Redis, unless the URL has one.', {
    secret: true,
    allowed: 'any text',
  })
  @IsString()
  password = '';

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
