import { describe, expect, it } from 'vitest';
import { AddressPolicy, compileAddressPolicy } from './address-policy.js';

const STRICT: AddressPolicy = { allowPrivateUrls: false, allowLoopbackUrls: false, denyCidrs: [] };
const policy = (changes: Partial<AddressPolicy>) => compileAddressPolicy({ ...STRICT, ...changes });

const SPECIAL = [
  ['127.0.0.1', 'loopback address'],
  ['127.255.255.254', 'loopback address'],
  ['::1', 'loopback address'],
  ['::ffff:127.0.0.1', 'loopback address'],
  ['::ffff:7f00:1', 'loopback address'],
  ['10.0.0.1', 'private address'],
  ['172.16.0.1', 'private address'],
  ['172.31.255.255', 'private address'],
  ['192.168.1.1', 'private address'],
  ['::ffff:c0a8:101', 'private address'],
  ['fc00::1', 'private address'],
  ['fdff::1', 'private address'],
  ['100.64.0.1', 'carrier-grade NAT address'],
  ['100.127.255.255', 'carrier-grade NAT address'],
  ['fe80::1', 'link-local address'],
  ['fe80::1%eth0', 'link-local address'],
  ['fec0::1', 'site-local address'],
  ['224.0.0.1', 'multicast address'],
  ['239.255.255.255', 'multicast address'],
  ['ff02::1', 'multicast address'],
  ['255.255.255.255', 'broadcast address'],
  ['198.18.0.1', 'reserved address'],
  ['192.0.2.1', 'reserved address'],
  ['198.51.100.1', 'reserved address'],
  ['203.0.113.1', 'reserved address'],
  ['240.0.0.1', 'reserved address'],
  ['2001:db8::1', 'reserved address'],
  ['3fff::1', 'reserved address'],
  ['2001:2::1', 'benchmarking address'],
  ['4000::1', 'reserved address'],
  ['1000::1', 'reserved address'],
  ['100::1', 'special-purpose address'],
  ['5f00::1', 'special-purpose address'],
  ['::7f00:1', 'IPv4 address embedded in IPv6'],
  ['::8.8.8.8', 'IPv4 address embedded in IPv6'],
  ['64:ff9b::7f00:1', 'IPv4 address embedded in IPv6'],
  ['64:ff9b::10.1.2.3', 'IPv4 address embedded in IPv6'],
  ['64:ff9b::100.64.0.1', 'IPv4 address embedded in IPv6'],
  ['64:ff9b:1::1', 'IPv4 address embedded in IPv6'],
  ['::ffff:0:7f00:1', 'IPv4 address embedded in IPv6'],
  ['2002:7f00:1::', 'IPv4 address embedded in IPv6'],
  ['2001:0:7f00:1::', 'IPv4 address embedded in IPv6'],
  ['0.0.0.0', 'unspecified address'],
  ['0.1.2.3', 'unspecified address'],
  ['::', 'unspecified address'],
  ['::ffff:0.0.0.0', 'unspecified address'],
] as const;

const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '::ffff:169.254.169.254',
  '168.63.129.16',
  '64:ff9b::168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fd00:42::42',
  'fe80::a9fe:a9fe',
  'fe80::a9fe:a9fe%eth0',
];

const PUBLIC = [
  '64:ff9b::8.8.8.8',
  '64:ff9b::808:808',
  '8.8.8.8',
  '1.1.1.1',
  '93.184.215.14',
  '172.32.0.1',
  '100.128.0.1',
  '::ffff:8.8.8.8',
  '2606:4700::1111',
  '2a00:1450:4001::200e',
];

describe('an address policy that opens nothing', () => {
  it.each(SPECIAL)('refuses %s as %s', (address, reason) => {
    expect(policy({}).judge(address)).toEqual({ allowed: false, reason });
  });

  it.each(['8.8.8.0/24', '64:ff9b::/96', '64:ff9b::808:0/112'])(
    'denies a translated address by %s',
    (range) => {
      expect(policy({ denyCidrs: [range] }).judge('64:ff9b::8.8.8.8')).toEqual({
        allowed: false,
        reason: 'denied by DENY_CIDRS',
      });
    },
  );

  it.each(PUBLIC)('allows the public %s', (address) => {
    expect(policy({}).judge(address)).toEqual({ allowed: true });
  });

  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '010.0.0.1',
    '8.8.8.8 ',
    '[::1]',
    '8.8.8.8/32',
  ])('refuses %j, which is no address in standard notation', (text) => {
    expect(policy({}).judge(text)).toEqual({ allowed: false, reason: 'not an IP address' });
  });
});

describe('what a policy opens', () => {
  const opened = (changes: Partial<AddressPolicy>) => {
    const guard = policy(changes);
    return SPECIAL.map(([address]) => address).filter((address) => guard.judge(address).allowed);
  };

  it('opens loopback alone with allowLoopbackUrls', () => {
    expect(opened({ allowLoopbackUrls: true })).toEqual([
      '127.0.0.1',
      '127.255.255.254',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
    ]);
  });

  it('opens private, carrier-grade NAT, unique local and loopback with allowPrivateUrls, and nothing else', () => {
    const words = new Set(['loopback address', 'private address', 'carrier-grade NAT address']);
    const expected = SPECIAL.filter(([, reason]) => words.has(reason)).map(([address]) => address);
    expect(opened({ allowPrivateUrls: true })).toEqual(expected);
  });

  it.each(METADATA)('never opens the metadata address %s', (address) => {
    for (const changes of [{}, { allowPrivateUrls: true }, { allowLoopbackUrls: true }]) {
      expect(policy(changes).judge(address)).toEqual({ allowed: false, reason: 'cloud metadata address' });
    }
  });
});

describe('DENY_CIDRS', () => {
  it.each([
    ['8.8.8.0/24', '8.8.8.8'],
    ['8.8.8.8', '8.8.8.8'],
    ['8.8.8.9/24', '8.8.8.8'],
    [' 8.8.8.0/24 ', '::ffff:8.8.8.8'],
    ['::ffff:8.8.8.0/120', '8.8.8.8'],
    ['10.0.0.0/8', '10.1.2.3'],
    ['127.0.0.2', '127.0.0.2'],
    ['0.0.0.0/0', '1.1.1.1'],
    ['2606:4700::/32', '2606:4700::1111'],
    ['fe80::/10', 'fe80::1%eth0'],
  ])('%s wins over every opening for %s', (cidr, address) => {
    const guard = policy({
      allowPrivateUrls: true,
      allowLoopbackUrls: true,
      denyCidrs: ['192.0.2.0/24', cidr],
    });
    expect(guard.judge(address)).toEqual({ allowed: false, reason: 'denied by DENY_CIDRS' });
  });

  it('leaves the neighbours alone', () => {
    expect(policy({ denyCidrs: ['8.8.8.0/24'] }).judge('8.8.9.1').allowed).toBe(true);
  });

  it.each([
    '',
    'x',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10/8',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'fe80::1%eth0/64',
    '0x0a.0.0.0/8',
  ])('refuses to start with the entry %j and names it', (bad) => {
    expect(() => policy({ denyCidrs: ['10.0.0.0/8', bad] })).toThrow(`"${bad}"`);
  });
});

it('judges an address the same again, however many others come in between', () => {
  const guard = policy({ denyCidrs: ['8.8.0.0/24'] });
  const addresses = Array.from({ length: 3000 }, (_, n) => `8.8.${n % 2}.${n % 250}`).concat(
    Array.from({ length: 3000 }, (_, n) => `9.${n % 250}.${Math.floor(n / 250)}.1`),
  );
  const judged = () => addresses.map((address) => guard.judge(address).allowed);
  const first = judged();
  expect(first.slice(0, 3000).filter(Boolean)).toHaveLength(1500);
  expect(judged()).toEqual(first);
});
