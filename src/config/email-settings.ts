import { IsEmail, IsString, ValidateIf } from 'class-validator';
import { IsSmtpUrl } from './address-rules.js';
import { Env } from './setting.js';

/** How tasks of type `email` are sent. */
export class EmailSettings {
  @Env(
    'SMTP_URL',
    'Server through which tasks of type `email` are sent. Wins over `GMAIL_ADDRESS`. With neither they are composed, not sent, and their result says so.',
    { secret: true, allowed: '`smtp://` or `smtps://user:password@host:port`, all but the host optional' },
  )
  @IsSmtpUrl()
  url = '';

  @Env('SMTP_FROM', 'Sender of these e-mails. Empty = the user of `SMTP_URL`, or `GMAIL_ADDRESS`.', {
    allowed: 'an address',
  })
  @ValidateIf(({ from }: EmailSettings) => from !== '')
  @IsEmail()
  from = '';

  @Env('GMAIL_ADDRESS', 'Account at Gmail to send them with, together with `GMAIL_APP_PASSWORD`.', {
    allowed: 'an address',
  })
  @ValidateIf(({ gmailAddress }: EmailSettings) => gmailAddress !== '')
  @IsEmail()
  gmailAddress = '';

  @Env('GMAIL_APP_PASSWORD', 'App password of that account, not its own.', {
    secret: true,
    allowed: 'any text',
  })
  @IsString()
  gmailAppPassword = '';
}
