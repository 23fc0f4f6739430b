import { AddressGuard } from './address-policy.js';
import { judgeHost, withoutRootDot } from './target-host.js';

export type TargetUrl =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly reason: string };

/** Length limit of a target URL, in bytes of UTF-8. */
export const MAX_URL_BYTES = 8192;
const MENDED_CHARACTERS: readonly (readonly [RegExp, string])[] = [
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  [/[\u0000-\u001f\u007f-\u009f]/, 'must not contain control characters'],
  [/\s/, 'must not contain spaces'],
  [/\\/, 'must not contain backslashes'],
];
/** RFC 1035 2.3.4, without the root label's dot. */
const MAX_HOST_CHARS = 253;

/**
 * Reads a URL that a task may call: absolute http or https, with nothing in it that two parsers could read
 * differently. Names are not resolved here; see {@link judgeHost}. A fragment is accepted and never sent.
 *
 * @returns the parsed URL, or a reason that completes "The URL ..."
 */
export function parseTargetUrl(text: string, guard: AddressGuard): TargetUrl {
  const badText = checkText(text);
  if (badText !== undefined) return refuse(badText);
  const url = parse(text);
  if (url === undefined) return refuse('is not a valid URL');
  const badUrl = checkUrl(url, guard);
  return badUrl === undefined ? { ok: true, url } : refuse(badUrl);
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const refuse = (reason: string): TargetUrl => ({ ok: false, reason });

/**
 * What must be looked at before parsing, because the WHATWG parser mends it without a word: it strips
 * control characters and outer spaces, turns `\` into `/`, adds missing slashes and drops an empty `@`.
 */
function checkText(text: string): string | undefined {
  if (Buffer.byteLength(text) > MAX_URL_BYTES) return `must be at most ${MAX_URL_BYTES} bytes long`;
  if (!text.isWellFormed()) return 'must be well-formed Unicode';
  return MENDED_CHARACTERS.find(([pattern]) => pattern.test(text))?.[1] ?? checkAuthority(text);
}

function checkAuthority(text: string): string | undefined {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1];
  if (authority === undefined) return 'must be absolute and start with http:// or https://';
  if (authority === '') return 'must name a host';
  return authority.includes('@') ? 'must not contain credentials' : undefined;
}

function checkUrl(url: URL, guard: AddressGuard): string | undefined {
  if (url.port === '0') return 'must not use port 0';
  const host = withoutRootDot(url.hostname);
  if (host.split('.').includes('')) return 'must name a valid host: a part of the name is empty';
  if (host.length > MAX_HOST_CHARS) return `must not have a host name over ${MAX_HOST_CHARS} characters`;
  const verdict = judgeHost(url.hostname, guard);
  return verdict.allowed ? undefined : `must not point to ${url.hostname} (${verdict.reason})`;
}
