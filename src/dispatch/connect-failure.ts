type ConnectFailureCode = 'address_refused' | 'dns_failed' | 'connect_failed' | 'tls_failed' | 'proxy_failed';

/** No connection could be had; so nothing was sent. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';

  constructor(
    readonly code: ConnectFailureCode,
    message: string,
  ) {
    super(message);
  }

  /** What the policy refuses now it will refuse again; the rest may heal. */
  get permanent(): boolean {
    return this.code === 'address_refused';
  }

  static refused(hostname: string, reason: string): ConnectFailure {
    return new ConnectFailure('address_refused', `${hostname} is not allowed: ${reason}`);
  }

  static of(code: ConnectFailureCode, cause: Error): ConnectFailure {
    return cause instanceof ConnectFailure ? cause : new ConnectFailure(code, messageOf(cause));
  }
}

/** Dialling several addresses fails with an AggregateError, whose own message is empty. */
export function messageOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(String).join('; ');
  return error.message;
}
