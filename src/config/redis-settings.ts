import { IsInt, IsNumber, IsString, IsUrl, Matches, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { Env } from './setting.js';

const isSet = (_: RedisSettings, value: unknown): boolean => value !== '';
const HOST_PORT = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/;

/** Where Redis is. The first that is set wins: URL, address, host and port. */
export class RedisSettings {
  @Env('REDIS_URL', 'Redis as `redis://` or `rediss://` URL. Wins over the settings below.', {
    secret: true,
  })
  @ValidateIf(isSet)
  @IsUrl({ protocols: ['redis', 'rediss'], require_tld: false, require_protocol: true })
  url = '';

  @Env('REDIS_ADDRESS', 'Redis as `host:port`. Wins over `REDIS_HOST` and `REDIS_PORT`.', {
    aliases: ['REDIS_ADDR'],
  })
  @ValidateIf(isSet)
  @Matches(HOST_PORT, { message: '$property must be host:port' })
  address = '';

  @Env('REDIS_HOST', 'Host of Redis.')
  @IsString()
  @MaxLength(255)
  host = 'localhost';

  @Env('REDIS_PORT', 'Port of Redis.')
  @IsInt()
  @Min(1)
  @Max(65_535)
  port = 6379;

  @Env('REDIS_PASSWORD', 'Password of Redis, unless the URL has one.', { secret: true })
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
