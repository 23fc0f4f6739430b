import { IsIn, IsString, MaxLength } from 'class-validator';
import { Env } from './setting.js';

/** Who may use `/admin`. */
export class AdminSettings {
  @Env('ADMIN_API_KEY', 'Key that `/admin` requires in `X-Admin-Key`.', { secret: true })
  @IsString()
  @MaxLength(512)
  apiKey = '';

  @Env(
    'ADMIN_AUTH',
    '`none` opens `/admin` without a key also in production. With `key` and no key, `/admin` is open in development and answers 503 in production.',
    {},
  )
  @IsIn(['key', 'none'])
  auth: 'key' | 'none' = 'key';
}
