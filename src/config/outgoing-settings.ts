import { IsBoolean } from 'class-validator';
import { AreAddressRanges, IsProxyUrl } from './address-rules.js';
import { Env } from './setting.js';

/** Where tasks may go. The names are those of the address policy. */
export class OutgoingSettings {
  @Env('ALLOW_PRIVATE_URLS', 'Lets tasks call private and loopback addresses; cloud metadata stays refused.')
  @IsBoolean()
  allowPrivateUrls = false;

  @Env('ALLOW_LOOPBACK_URLS', 'Lets tasks call loopback addresses only. `npm start` sets it.')
  @IsBoolean()
  allowLoopbackUrls = false;

  @Env('DENY_CIDRS', 'Comma list of address ranges no task may call, whatever else is allowed.', {
    allowed: 'addresses and ranges, like `10.0.0.0/8,fd00::/8`',
  })
  @AreAddressRanges()
  denyCidrs: string[] = [];

  @Env(
    'EGRESS_PROXY',
    'Proxy through which every call goes, in a tunnel (`CONNECT`). It resolves the names and has to refuse private addresses itself: here only the host as written is judged then. `HTTP_PROXY` and its like are not used.',
    { secret: true, allowed: '`http://user:password@host:port`, all but the host optional' },
  )
  @IsProxyUrl()
  egressProxy = '';
}
