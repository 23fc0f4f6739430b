import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDestinations } from './destinations.js';
import { faultOfHostPattern, hostPatternText, parseHostPattern } from './host-pattern.js';

const allows = (patterns: string[], url: string) =>
  compileDestinations({ allow: patterns, deny: [] }).refusal(new URL(url)) === undefined;
const denies = (patterns: string[], url: string) =>
  compileDestinations({ allow: [], deny: patterns }).refusal(new URL(url)) !== undefined;

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,3})?$/);
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
const port = fc.integer({ min: 1, max: 65_535 });
const scheme = fc.constantFrom('http', 'https');
const inSomeCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => Array.from(text, (char, at) => (upper[at] ? char.toUpperCase() : char)).join(''));
const spelled = name.chain((host) =>
  fc.record({
    host: fc.constant(host),
    pattern: fc.tuple(inSomeCase(host), fc.constantFrom('', '.')).map((parts) => parts.join('')),
    url: fc.tuple(inSomeCase(host), fc.constantFrom('', '.')).map((parts) => parts.join('')),
  }),
);
const holds = <T>(property: fc.IProperty<T>) => {
  fc.assert(property, { numRuns: 300 });
};

describe('a pattern of hosts', () => {
  it('means a name in any case, with a final dot or without, on any port', () => {
    holds(
      fc.property(spelled, scheme, port, ({ pattern, url }, protocol, at) => {
        expect(allows([pattern], `${protocol}://${url}:${at}/`)).toBe(true);
        expect(allows([`x${pattern}`], `${protocol}://${url}:${at}/`)).toBe(false);
      }),
    );
  });

  it('with *. means every name below, at any depth, and neither the name itself nor one that only ends like it', () => {
    holds(
      fc.property(spelled, fc.array(label, { minLength: 1, maxLength: 3 }), ({ pattern, url }, labels) => {
        expect(allows([`*.${pattern}`], `http://${labels.join('.')}.${url}/`)).toBe(true);
        expect(allows([`*.${pattern}`], `http://${url}/`)).toBe(false);
        expect(allows([`*.${pattern}`], `http://evil${url}/`)).toBe(false);
        expect(allows([`*.${pattern}`], `http://${url.replace(/\.$/, '')}.evil.example/`)).toBe(false);
      }),
    );
  });

  it('with a port means that port only, that of the scheme included', () => {
    holds(
      fc.property(name, port, port, (host, one, other) => {
        expect(allows([`${host}:${one}`], `http://${host}:${one}/`)).toBe(true);
        expect(allows([`*:${one}`], `http://${host}:${one}/`)).toBe(true);
        expect(allows([`${host}:${one}`], `http://${host}:${other}/`)).toBe(one === other);
        expect(allows([`${host}:443`], `https://${host}/`)).toBe(true);
        expect(allows([`${host}:80`], `https://${host}/`)).toBe(false);
        expect(allows([`${host}:80`], `http://${host}/`)).toBe(true);
      }),
    );
  });

  it('is the same in Unicode and in punycode, on either side', () => {
    const umlauts = fc.constantFrom('bücher', '例え', 'ñandú', 'BÜCHER', 'straße', '☃');
    holds(
      fc.property(umlauts, label, (idn, tld) => {
        const ascii = domainToASCII(`${idn}.${tld}`);
        fc.pre(ascii !== '');
        for (const [pattern, host] of [
          [`${idn}.${tld}`, ascii],
          [ascii, `${idn}.${tld}`],
          [`${idn}.${tld}`, `${idn}.${tld}.`],
        ] as const) {
          expect(allows([pattern], `http://${host}/`)).toBe(true);
          expect(allows([`*.${pattern}`], `http://a.${host}/`)).toBe(true);
        }
      }),
    );
  });

  it('means an address however the URL writes it', () => {
    for (const url of ['http://127.0.0.1/', 'http://0x7f.1/', 'http://2130706433/', 'http://127.1:8080/x'])
      for (const pattern of ['127.0.0.1', '127.0.0.1.', '127.0.0.0/8', '*']) {
        expect(allows([pattern], url), `${pattern} ${url}`).toBe(true);
        expect(denies([pattern], url), `${pattern} ${url}`).toBe(true);
      }
    expect(denies(['10.0.0.0/8'], 'http://[::ffff:10.1.2.3]/')).toBe(true);
    expect(denies(['10.1.2.3'], 'http://[::ffff:a01:203]/')).toBe(true);
    expect(denies(['[fd00::1]:8080'], 'http://[FD00:0::1]:8080/')).toBe(true);
    expect(denies(['[fd00::1]:8080'], 'http://[fd00::1]/')).toBe(false);
    expect(denies(['fd00::/8'], 'http://[fdab::1]/')).toBe(true);
    expect(denies(['10.0.0.0/8'], 'http://11.0.0.1/')).toBe(false);
    expect(denies(['*.0.0.1', '1.example'].slice(1), 'http://127.0.0.1/')).toBe(false);
  });

  it.each([
    'http://[::ffff:8.8.8.8]/',
    'http://[::8.8.8.8]/',
    'http://[::ffff:0:8.8.8.8]/',
    'http://[64:ff9b::808:808]/',
    'http://[64:ff9b:1::808:808]/',
    'http://[64:ff9b:1:808:8:800::]/',
    'http://[2002:808:808::1]/',
    'http://[2001:0:808:808::1]/',
    'http://[2001:0:1:1::f7f7:f7f7]/',
  ])('means an address also where %s embeds it, and the block that it is embedded in', (url) => {
    for (const pattern of ['8.8.8.8', '8.8.8.0/24']) expect(denies([pattern], url)).toBe(true);
    expect(denies(['8.8.9.0/24'], url)).toBe(false);
    expect(denies([`${new URL(url).hostname}:80`], url)).toBe(true);
    expect(denies(['::/0'], url)).toBe(true);
  });

  it('allows an address that embeds another one when there is no doubt which', () => {
    for (const url of ['http://[::ffff:8.8.8.8]/', 'http://[64:ff9b::808:808]/', 'http://[2002:808:808::1]/'])
      expect(allows(['8.8.8.0/24'], url)).toBe(true);
    for (const url of ['http://[64:ff9b:1::808:808]/', 'http://[2001:0:808:808::1]/'])
      expect(allows(['8.8.8.0/24'], url)).toBe(false);
  });

  it.each([
    ['010.1.1.1', '8.1.1.1'],
    ['0x7f.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['127.1:8080', '127.0.0.1'],
    ['010.0.0.0/8', '8.0.0.0/8'],
  ])('does not guess which address %s is', (text, meant) => {
    expect(parseHostPattern(text)).toBeUndefined();
    expect(faultOfHostPattern(text)).toMatch(/^is ambiguous/);
    expect(faultOfHostPattern(text)).toContain(`write ${meant} if`);
  });

  it('has one text for all its spellings, which is a pattern with the same meaning', () => {
    const patterns = fc.oneof(
      spelled.map(({ pattern }) => pattern),
      spelled.map(({ pattern }) => `*.${pattern}`),
      fc.tuple(name, port).map(([host, at]) => `${host}:${at}`),
      fc.constantFrom('*', '*:8080', '[2001:DB8::0:1]:9', '127.0.0.1.', '10.0.0.0/8', 'Bücher.example.'),
    );
    holds(
      fc.property(patterns, (text) => {
        const canonical = hostPatternText(parseHostPattern(text)!);
        expect(parseHostPattern(canonical)).toEqual(parseHostPattern(text));
        expect(hostPatternText(parseHostPattern(canonical)!)).toBe(canonical);
      }),
    );
  });

  it.each([
    '',
    ' ',
    '.',
    '*.',
    '**',
    '*.*.example.com',
    'a*.example.com',
    'api.*',
    '*example.com',
    'http://example.com',
    'example.com/path',
    'user@example.com',
    'example.com:0',
    'example.com:65536',
    'example.com:',
    'example.com:80:90',
    'exa mple.com',
    'example..com',
    '.example.com',
    'example.com..',
    '10.0.0.0/33',
    '10.0.0.0/',
    'example.com/8',
    '*.10.0.0.1',
    '256.1.1.1',
    '[::1',
    '::1',
    '[::1%25eth0]',
    '%65xample.com',
    'example.com?',
    'example.com#',
    'a\\b',
    `${'a.'.repeat(127)}ab`,
    'xn--a',
  ])('%s is none', (text) => {
    expect(parseHostPattern(text)).toBeUndefined();
    expect(() => compileDestinations({ allow: [text], deny: [] })).toThrow('is no pattern');
  });
});

describe('a policy', () => {
  it('without patterns lets everything through', () => {
    holds(
      fc.property(fc.webUrl(), (url) => {
        expect(compileDestinations({ allow: [], deny: [] }).refusal(new URL(url))).toBeUndefined();
      }),
    );
  });

  it('denies what is both allowed and denied', () => {
    holds(
      fc.property(fc.subarray(['*', '*.example.com', 'a.example.com', 'a.example.com:443']), (allow) => {
        const policy = compileDestinations({ allow, deny: ['a.example.com'] });
        expect(policy.refusal(new URL('https://A.example.com./'))).toBe('is denied to this client');
      }),
    );
  });

  it('with something allowed refuses the rest, and one more allowed pattern never refuses more', () => {
    holds(
      fc.property(fc.array(name, { minLength: 1 }), name, name, (allow, more, host) => {
        const url = new URL(`http://${host}/`);
        const before = compileDestinations({ allow, deny: [] }).refusal(url);
        expect(before === undefined).toBe(allow.includes(host));
        const after = compileDestinations({ allow: [...allow, more], deny: [] }).refusal(url);
        if (before === undefined) expect(after).toBeUndefined();
      }),
    );
  });
});
