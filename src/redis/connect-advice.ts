/** Whom a connection was for: it decides which settings are spoken of. */
export interface Asked {
  readonly isTls: boolean;
  readonly isSentinel: boolean;
}

interface Advice {
  /** Of the fault's code and message. */
  readonly seen: RegExp;
  readonly isTls?: boolean;
  /** What to do, in a sentence. */
  readonly say: string | ((asked: Asked) => string);
  /** Instead of the words of the client or of the server, where they mislead or go on for ever. */
  readonly reason?: string;
}

const PASSWORD: Advice['say'] = ({ isSentinel }) =>
  `Set ${isSentinel ? 'REDIS_SENTINEL_PASSWORD' : 'REDIS_PASSWORD'}.`;
const USER: Advice['say'] = ({ isSentinel }) =>
  isSentinel
    ? 'Check REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD.'
    : 'Check REDIS_USERNAME and REDIS_PASSWORD, or user and password in REDIS_URL.';
const TLS_OFF = 'If it speaks no TLS, leave out REDIS_TLS and begin REDIS_URL with redis://.';
const TLS_ON = 'If it speaks TLS only, set REDIS_TLS=true or begin REDIS_URL with rediss://.';
const NO_CERTIFICATE =
  'If it asks for a certificate of its clients, let it not: there is none to show. Set tls-auth-clients no in Redis.';

/** The first that fits. What there is no advice for, such as a refused connection, speaks for itself. */
const KNOWN: readonly Advice[] = [
  { seen: /NOAUTH/, say: PASSWORD, reason: 'it asks for a password' },
  { seen: /WRONGPASS|invalid password/, say: USER, reason: 'it knows no such user and password' },
  {
    seen: /SELF_SIGNED_CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER_CERT/,
    say: 'Let NODE_EXTRA_CA_CERTS name a file with the CA of its certificate.',
  },
  { seen: /ERR_TLS_CERT_ALTNAME_INVALID/, say: 'Name it in the settings as its certificate does.' },
  { seen: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, say: 'Renew its certificate.' },
  { seen: /CERTIFICATE_REQUIRED/, say: NO_CERTIFICATE, reason: 'it asks for a certificate of its clients' },
  { seen: /ECONNRESET/, isTls: true, say: NO_CERTIFICATE },
  { seen: /ETIMEDOUT|EPROTO|WRONG_VERSION/, isTls: true, say: TLS_OFF },
  { seen: /ECONNRESET/, isTls: false, say: TLS_ON },
];

/** A connection that did not come about: why, and what to do. */
export class ConnectFault extends Error {
  constructor(
    readonly reason: string,
    readonly advice: string | undefined,
  ) {
    super(advice ? `${reason}. ${advice}` : reason);
  }
}

/** @param fault as the client has reported it */
export function withAdvice(fault: Error & { code?: unknown }, asked: Asked): ConnectFault {
  const text = `${typeof fault.code === 'string' ? fault.code : ''} ${fault.message}`;
  const known = KNOWN.find(({ seen, isTls = asked.isTls }) => isTls === asked.isTls && seen.test(text));
  const say = typeof known?.say === 'function' ? known.say(asked) : known?.say;
  return new ConnectFault(known?.reason ?? fault.message.trim(), say);
}

/** When nothing was answered at all. */
export const onSilence = ({ isTls }: Asked): string | undefined => (isTls ? TLS_OFF : undefined);
