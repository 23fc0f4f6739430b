/**
 * What keeps a text from being the URL of a Redis, or nothing. It completes "REDIS_URL ..." and never repeats the text,
 * because that may hold a password.
 */
export function faultOfRedisUrl(text: string): string | undefined {
  const authority = /^rediss?:\/\/([^/?#]*)/i.exec(text)?.[1];
  if (authority === undefined) return 'must begin with redis:// or rediss://';
  return faultOfAuthority(authority) ?? faultOfUrl(text);
}

function faultOfAuthority(authority: string): string | undefined {
  const hostAndPort = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host, port] = /^(.*?)(?::([^:\]]*))?$/.exec(hostAndPort) ?? [];
  if (host === '') return 'must name a host';
  const isPort =
    port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535);
  return isPort ? undefined : 'must have a port from 1 to 65535, or none';
}

function faultOfUrl(text: string): string | undefined {
  if (!URL.canParse(text)) {
    return 'must be a URL like redis://user:password@host:6379/0, with special characters percent-encoded';
  }
  const url = new URL(text);
  if (!/^\/?\d*$/.test(url.pathname)) return 'must have a whole number as its database, like /0';
  return [url.username, url.password, url.hostname].every(isDecodable)
    ? undefined
    : 'must have special characters percent-encoded, % as %25';
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
