import { describe, expect, it } from 'vitest';
import { type Asked, onSilence, withAdvice } from './connect-advice.js';

const plain: Asked = { isTls: false, isSentinel: false };
const tls: Asked = { isTls: true, isSentinel: false };
const sentinel: Asked = { isTls: false, isSentinel: true };

describe('a connection that does not come about', () => {
  it.each([
    [
      'NOAUTH HELLO must be called with the client already ...',
      plain,
      'it asks for a password. Set REDIS_PASSWORD.',
    ],
    ['NOAUTH HELLO must be called with the client already ...', sentinel, /Set REDIS_SENTINEL_PASSWORD\.$/],
    [
      'WRONGPASS invalid username-password pair or user is disabled.',
      plain,
      /REDIS_USERNAME and REDIS_PASSWORD/,
    ],
    ['WRONGPASS invalid username-password pair or user is disabled.', sentinel, /REDIS_SENTINEL_PASSWORD\.$/],
    ['read ECONNRESET', plain, /^read ECONNRESET\. .*REDIS_TLS=true/],
    ['write ECONNRESET', tls, /tls-auth-clients no/],
    ['connect ETIMEDOUT', tls, /leave out REDIS_TLS/],
    ['connect ETIMEDOUT', plain, 'connect ETIMEDOUT'],
    ['connect ECONNREFUSED 127.0.0.1:1', tls, 'connect ECONNREFUSED 127.0.0.1:1'],
    ['getaddrinfo ENOTFOUND redis', plain, 'getaddrinfo ENOTFOUND redis'],
  ])('with "%s" and %j is told of as %s', (message, asked, words) => {
    expect(withAdvice(new Error(message), asked).message).toMatch(words);
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /NODE_EXTRA_CA_CERTS/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /as its certificate does/],
    ['CERT_HAS_EXPIRED', /Renew/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /^it asks for a certificate .*tls-auth-clients no/],
  ])('for %s is told of with what to do', (code, words) => {
    const fault = Object.assign(new Error('some words of OpenSSL'), { code });
    expect(withAdvice(fault, tls).message).toMatch(words);
  });

  it('in silence may be for TLS with one that speaks none', () => {
    expect(onSilence(tls)).toMatch(/speaks no TLS/);
    expect(onSilence(plain)).toBe(undefined);
  });
});
