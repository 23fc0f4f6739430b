import { describe, expect, it } from 'vitest';
import { compileAddressPolicy } from './address-policy.js';
import { MAX_URL_BYTES, parseTargetUrl } from './target-url.js';

const strict = compileAddressPolicy({ allowPrivateUrls: false, allowLoopbackUrls: false, denyCidrs: [] });
const loopback = compileAddressPolicy({ allowPrivateUrls: false, allowLoopbackUrls: true, denyCidrs: [] });

const LOOPBACK = /\(loopback address\)$/;
const PRIVATE = /\(private address\)$/;
const METADATA = /\(cloud metadata address\)$/;
const METADATA_NAME = /\(cloud metadata name\)$/;
const UNSPECIFIED = /\(unspecified address\)$/;
const EMBEDDED = /\(IPv4 address embedded in IPv6\)$/;
const SCHEME = /^must be absolute and start with/;
const CONTROL = /^must not contain control characters$/;
const SPACE = /^must not contain spaces$/;
const BACKSLASH = /^must not contain backslashes$/;
const CREDENTIALS = /^must not contain credentials$/;
const INVALID = /^is not a valid URL$/;
const HOST = /^must name a /;

const HOSTILE: readonly (readonly [string, RegExp])[] = [
  // Loopback, in every notation the URL parser understands.
  ['http://127.0.0.1/', LOOPBACK],
  ['http://127.0.0.1:8080/', LOOPBACK],
  ['https://127.0.0.1', LOOPBACK],
  ['http://127.1/', LOOPBACK],
  ['http://127.0.1/', LOOPBACK],
  ['http://2130706433/', LOOPBACK],
  ['http://0x7f000001/', LOOPBACK],
  ['http://0x7f.1/', LOOPBACK],
  ['http://0X7F.0.0.1/', LOOPBACK],
  ['http://0177.0.0.1/', LOOPBACK],
  ['http://0177.0x0.0.1/', LOOPBACK],
  ['http://017700000001/', LOOPBACK],
  ['http://127.0.0.1./', LOOPBACK],
  ['http://127.0.0.1:80/', LOOPBACK],
  ['http://127.8.9.10/', LOOPBACK],
  ['http://%31%32%37.0.0.1/', LOOPBACK],
  ['http://１２７.０.０.１/', LOOPBACK],
  ['http://①②⑦.⓪.⓪.①/', LOOPBACK],
  ['http://127。0。0。1/', LOOPBACK],
  ['http://𝟙𝟚𝟟.𝟘.𝟘.𝟙/', LOOPBACK],
  ['http://[::1]/', LOOPBACK],
  ['http://[0:0:0:0:0:0:0:1]/', LOOPBACK],
  ['http://[0000::0001]:81/', LOOPBACK],
  ['http://[::ffff:127.0.0.1]/', LOOPBACK],
  ['http://[::ffff:7f00:1]/', LOOPBACK],
  ['http://[::FFFF:7F00:0001]/', LOOPBACK],
  ['http://localhost/', LOOPBACK],
  ['http://LOCALHOST/', LOOPBACK],
  ['http://localhost./', LOOPBACK],
  ['http://localhost:6379/', LOOPBACK],
  ['http://a.localhost/', LOOPBACK],
  ['http://a.b.LocalHost./', LOOPBACK],
  ['http://ｌｏｃａｌｈｏｓｔ/', LOOPBACK],
  ['http://local%68ost/', LOOPBACK],
  ['http://local\u00adhost/', LOOPBACK],
  ['http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/', LOOPBACK],
  // Other closed ranges.
  ['http://0/', UNSPECIFIED],
  ['http://0.0.0.0/', UNSPECIFIED],
  ['http://0x0/', UNSPECIFIED],
  ['http://00000000/', UNSPECIFIED],
  ['http://[::]/', UNSPECIFIED],
  ['http://[::ffff:0:0]/', UNSPECIFIED],
  ['http://10.0.0.1/', PRIVATE],
  ['http://10.1/', PRIVATE],
  ['http://167772161/', PRIVATE],
  ['http://012.0.0.1/', PRIVATE],
  ['http://172.16.0.1/', PRIVATE],
  ['http://172.31.255.255/', PRIVATE],
  ['http://192.168.0.1/', PRIVATE],
  ['http://0xc0a80001/', PRIVATE],
  ['http://[fc00::1]/', PRIVATE],
  ['http://[fd12:3456::1]/', PRIVATE],
  ['http://[::ffff:192.168.0.1]/', PRIVATE],
  ['http://100.64.0.1/', /\(carrier-grade NAT address\)$/],
  ['http://169.254.169.254/latest/meta-data/', METADATA],
  ['http://2852039166/', METADATA],
  ['http://0xa9fea9fe/', METADATA],
  ['http://0251.0376.0251.0376/', METADATA],
  ['http://169.254.43518/', METADATA],
  ['http://[::ffff:a9fe:a9fe]/', METADATA],
  ['http://[fd00:ec2::254]/', METADATA],
  ['http://168.63.129.16/', METADATA],
  ['http://100.100.100.200/', METADATA],
  ['http://192.0.0.192/', METADATA],
  ['http://metadata.google.internal/', METADATA_NAME],
  ['http://metadata.google.internal./computeMetadata/v1/', METADATA_NAME],
  ['http://Metadata.GOOGLE.internal./', METADATA_NAME],
  ['http://metadata.goog/', METADATA_NAME],
  ['http://instance-data.ec2.internal./latest/', METADATA_NAME],
  ['http://instance-data.eu-west-1.compute.internal/', METADATA_NAME],
  ['http://metadata/computeMetadata/v1/', METADATA_NAME],
  ['http://METADATA./', METADATA_NAME],
  ['http://ｍｅｔａｄａｔａ/', METADATA_NAME],
  ['http://instance-data/latest/', METADATA_NAME],
  ['http://metadata.tencentyun.com/', METADATA_NAME],
  ['http://localhost.localdomain/', LOOPBACK],
  ['http://a.localhost.localdomain./', LOOPBACK],
  ['http://localhost4/', LOOPBACK],
  ['http://localhost4.localdomain4/', LOOPBACK],
  ['http://LocalHost6/', LOOPBACK],
  ['http://localhost6.localdomain6./', LOOPBACK],
  ['http://ip6-localhost/', LOOPBACK],
  ['http://ip6-loopback./', LOOPBACK],
  ['http://ipv6-localhost/', LOOPBACK],
  ['http://_localdnsstub/', LOOPBACK],
  ['http://[fe80::1]/', /\(link-local address\)$/],
  ['http://[fec0::1]/', /\(site-local address\)$/],
  ['http://[ff02::1]/', /\(multicast address\)$/],
  ['http://224.0.0.1/', /\(multicast address\)$/],
  ['http://255.255.255.255/', /\(broadcast address\)$/],
  ['http://198.18.0.1/', /\(reserved address\)$/],
  ['http://203.0.113.9/', /\(reserved address\)$/],
  ['http://[2001:db8::1]/', /\(reserved address\)$/],
  ['http://[4000::1]/', /\(reserved address\)$/],
  ['http://[::7f00:1]/', EMBEDDED],
  ['http://[::127.0.0.1]/', EMBEDDED],
  ['http://[64:ff9b::7f00:1]/', EMBEDDED],
  ['http://[64:ff9b::169.254.169.254]/', EMBEDDED],
  ['http://[2002:7f00:1::]/', EMBEDDED],
  ['http://[2001::7f00:1]/', EMBEDDED],
  // Schemes and shapes.
  ['', SCHEME],
  ['/path', SCHEME],
  ['//example.com/', SCHEME],
  ['example.com', SCHEME],
  ['http:example.com', SCHEME],
  ['http:/example.com', SCHEME],
  ['ftp://example.com/', SCHEME],
  ['file:///etc/passwd', SCHEME],
  ['gopher://127.0.0.1:6379/_FLUSHALL', SCHEME],
  ['ws://example.com/', SCHEME],
  ['javascript:alert(1)', SCHEME],
  ['data:text/plain,x', SCHEME],
  ['blob:http://example.com/1', SCHEME],
  ['httpx://example.com/', SCHEME],
  ['http://', HOST],
  ['http:///example.com/', HOST],
  ['http://?q', HOST],
  ['http://./', HOST],
  ['http://../', HOST],
  ['http://a..b/', HOST],
  ['http://.example.com/', HOST],
  ['http://evil.example.com../', HOST],
  ['http://127.0.0.1../', HOST],
  ['http://a..example.com/', HOST],
  ['http://:80/', INVALID],
  ['http://example.com:0/', /^must not use port 0$/],
  ['http://example.com:65536/', INVALID],
  ['http://example.com:8o/', INVALID],
  ['http://1.2.3.4.5/', INVALID],
  ['http://256.1.1.1/', INVALID],
  ['http://[::1', INVALID],
  ['http://[fe80::1%25eth0]/', INVALID],
  ['http://exa%00mple.com/', INVALID],
  ['http://exa<mple.com/', INVALID],
  ['http://127.0.0.1%2f.example.com/', INVALID],
  [`http://${'a'.repeat(60)}.${'b'.repeat(200)}/`, /253 characters/],
  // Credentials.
  ['http://user:pass@example.com/', CREDENTIALS],
  ['http://user@example.com/', CREDENTIALS],
  ['http://@example.com/', CREDENTIALS],
  ['http://:@example.com/', CREDENTIALS],
  ['http://example.com@127.0.0.1/', CREDENTIALS],
  ['http://example.com:80@127.0.0.1/', CREDENTIALS],
  // What the parser would mend in silence.
  ['http://example.com\\@127.0.0.1/', BACKSLASH],
  ['http:\\\\127.0.0.1/', BACKSLASH],
  ['http://example.com/a\\b', BACKSLASH],
  [' http://example.com/', SPACE],
  ['http://example.com/ ', SPACE],
  ['http://example.com/a b', SPACE],
  ['http://example.com/a\u2028b', SPACE],
  ['http://example.com/\u3000', SPACE],
  ['http://exam\nple.com/', CONTROL],
  ['ht\ttp://example.com/', CONTROL],
  ['http://example.com/\r\nHost: evil', CONTROL],
  ['\u0000http://example.com/', CONTROL],
  ['http://example.com/\u007f', CONTROL],
  ['http://example.com/\u0085', CONTROL],
  ['http://example.com/\ud800', /well-formed/],
  [`http://example.com/${'a'.repeat(MAX_URL_BYTES)}`, /at most 8192 bytes/],
  [`http://example.com/${'ä'.repeat(MAX_URL_BYTES / 2)}`, /at most 8192 bytes/],
];

const ACCEPTED: readonly (readonly [string, string])[] = [
  ['http://example.com', 'http://example.com/'],
  ['https://example.com/', 'https://example.com/'],
  ['HTTPS://Example.COM/Path', 'https://example.com/Path'],
  ['http://example.com:8080/a/b?c=d&e=f', 'http://example.com:8080/a/b?c=d&e=f'],
  ['https://example.com:443/', 'https://example.com/'],
  ['http://example.com./', 'http://example.com./'],
  ['http://example.com/#part', 'http://example.com/#part'],
  ['http://example.com/a@b', 'http://example.com/a@b'],
  ['http://example.com/?next=http://127.0.0.1/', 'http://example.com/?next=http://127.0.0.1/'],
  ['http://example.com?q=1', 'http://example.com/?q=1'],
  ['http://example.com/%0d%0a', 'http://example.com/%0d%0a'],
  ['http://example.com/ä', 'http://example.com/%C3%A4'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ['http://8.8.8.8/', 'http://8.8.8.8/'],
  ['http://134744072/', 'http://8.8.8.8/'],
  ['http://[2606:4700::1111]/', 'http://[2606:4700::1111]/'],
  ['http://[::ffff:8.8.8.8]/', 'http://[::ffff:808:808]/'],
  ['http://notlocalhost/', 'http://notlocalhost/'],
  ['http://localhost.example.com/', 'http://localhost.example.com/'],
  ['http://127.0.0.1.example.com/', 'http://127.0.0.1.example.com/'],
  ['http://my_service.example.com/', 'http://my_service.example.com/'],
  ['http://example.com/constructor/__proto__', 'http://example.com/constructor/__proto__'],
  [`http://e.com/${'a'.repeat(MAX_URL_BYTES - 13)}`, `http://e.com/${'a'.repeat(MAX_URL_BYTES - 13)}`],
];

describe('a target URL', () => {
  it.each(HOSTILE)('refuses %j', (text, reason) => {
    const parsed = parseTargetUrl(text, strict);
    expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(reason) as unknown });
  });

  it('is tried against enough hostile and harmless texts', () => {
    expect(new Set(HOSTILE.map(([text]) => text)).size).toBeGreaterThan(120);
    expect(ACCEPTED.length).toBeGreaterThan(15);
  });

  it.each(ACCEPTED)('accepts %j', (text, href) => {
    const parsed = parseTargetUrl(text, strict);
    expect(parsed.ok && parsed.url.href).toBe(href);
  });

  it('follows the policy for literals and localhost', () => {
    for (const text of ['http://127.1/', 'http://localhost:3000/', 'http://x.localhost./', 'http://[::1]/']) {
      expect(parseTargetUrl(text, loopback).ok).toBe(true);
    }
    expect(parseTargetUrl('http://10.0.0.1/', loopback).ok).toBe(false);
  });

  it('never leads to the name of a metadata service, whatever is allowed', () => {
    const open = compileAddressPolicy({ allowPrivateUrls: true, allowLoopbackUrls: true, denyCidrs: [] });
    for (const host of ['metadata', 'metadata.google.internal', 'METADATA.goog.', 'Instance-Data.']) {
      expect(parseTargetUrl(`http://${host}/`, open)).toMatchObject({ ok: false });
    }
    for (const host of ['metadata.example.', 'x.metadata.goog.example', 'my-metadata', 'intranet.']) {
      expect(parseTargetUrl(`http://${host}/`, open)).toMatchObject({ ok: true });
    }
  });

  it('may name loopback exactly when its address may be called', () => {
    const onlyIPv4 = compileAddressPolicy({
      allowPrivateUrls: false,
      allowLoopbackUrls: true,
      denyCidrs: ['::1'],
    });
    for (const host of ['localhost', 'localhost.localdomain', 'localhost4.', 'a.localhost']) {
      expect(parseTargetUrl(`http://${host}/`, onlyIPv4)).toMatchObject({ ok: true });
    }
    for (const host of ['localhost6', 'ip6-localhost', 'ip6-loopback', 'localhost6.localdomain6.']) {
      expect(parseTargetUrl(`http://${host}/`, loopback)).toMatchObject({ ok: true });
      expect(parseTargetUrl(`http://${host}/`, onlyIPv4)).toMatchObject({ ok: false });
    }
    for (const host of ['mylocalhost', 'localhost.example', 'ip6-localhost.example', 'localdomain']) {
      expect(parseTargetUrl(`http://${host}/`, strict)).toMatchObject({ ok: true });
    }
  });

  it('names the address it understood', () => {
    expect(parseTargetUrl('http://0x7f.1/', strict)).toEqual({
      ok: false,
      reason: 'must not point to 127.0.0.1 (loopback address)',
    });
  });
});
