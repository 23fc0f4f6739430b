import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { networkOf, readForwardedFor } from './sender-address.js';

/** The address of a request over a proxy on loopback, with others in 10.0.0.0/8. */
async function senderOf(forwarded: string): Promise<string> {
  const server = fastify({ trustProxy: ['127.0.0.0/8', '10.0.0.0/8'] });
  readForwardedFor(server);
  server.get('/', ({ ip }) => ip);
  const { body } = await server.inject({ url: '/', headers: { 'x-forwarded-for': forwarded } });
  return body;
}

describe('the address of a sender behind proxies', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5555', '1.2.3.4'],
    ['[2001:DB8::0:1]:80', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8:0:0::1', '2001:db8::1'],
    ['::ffff:9.9.9.9', '9.9.9.9'],
    ['6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4:1, 10.1.1.1:2', '1.2.3.4'],
    ['<script>, 1.2.3.4', '1.2.3.4'],
    [`fe80::1%${'x'.repeat(5000)}`, 'fe80::1'],
  ])('is %j -> %s', async (forwarded, sender) => {
    expect(await senderOf(forwarded)).toBe(sender);
  });

  it.each([
    'garbage',
    '<script>alert(1)</script>',
    'x'.repeat(5000),
    'unknown',
    '0x7f.1',
    '1.2.3.4:port',
    '1.2.3.4:123456',
    '1.2.3',
    '[1.2.3.4',
    '1.2.3.4, garbage',
    '1.2.3.4,',
    ' , ',
    '',
  ])('is that of the proxy that says %j', async (forwarded) => {
    expect(await senderOf(forwarded)).toBe('127.0.0.1');
    expect(await senderOf(`${forwarded}, 10.2.2.2`)).toBe('10.2.2.2');
  });
});

describe('the network that an address is counted by', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
