import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './setting.js';

/** Who may use `/admin`. */
export class AdminSettings {
  @Env('ADMIN_API_KEY', 'Key that `/admin` requires in `X-Admin-Key`.', {
    secret: true,
    allowed: 'up to 512 printable ASCII characters; in production at least 16, and none that are tried first',
  })
  @Matches(/^[\x20-\x7e]{0,512}$/, { message: '$property must be up to 512 printable ASCII characters' })
  apiKey = '';

  @Env(
    'ADMIN_AUTH',
    '`none` opens `/admin` without a key also in production. With `key` and no key, `/admin` is open in development and answers 503 in production.',
  )
  @IsIn(['key', 'none'])
  auth: 'key' | 'none' = 'key';

  @Env(
    'AUDIT_MAX_ENTRIES',
    'Changes by admins that `GET /admin/audit` can tell of, about; the oldest go first.',
  )
  @IsInt()
  @Min(100)
  @Max(10_000_000)
  auditMaxEntries = 10_000;
}
