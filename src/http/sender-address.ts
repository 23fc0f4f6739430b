import { isIP, isIPv6 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import ipaddr from 'ipaddr.js';

/** `[v6]`, `[v6]:port` or `v4:port`. */
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;

/** A link-local address may say by which interface it is reached: of no use elsewhere, and any text. */
const ZONE = /%.*$/;

/**
 * Makes what proxies say in `X-Forwarded-For` addresses and nothing else, for all who read `request.ip`. Ports are taken
 * off. What is no address, and what stands before it, is left out: then the proxy that told it is the sender. To be called
 * before all other hooks.
 */
export function readForwardedFor(server: FastifyInstance): void {
  server.addHook('onRequest', ({ raw: { headers } }, _reply, done) => {
    const given = headers['x-forwarded-for'];
    if (given !== undefined) headers['x-forwarded-for'] = addressesIn(String(given)).join(', ');
    if (headers['x-forwarded-for'] === '') delete headers['x-forwarded-for'];
    done();
  });
}

/** The addresses at the end of a list, in order, each in its shortest spelling. */
function addressesIn(list: string): string[] {
  const addresses = list.split(',').map(addressIn);
  return addresses.slice(addresses.lastIndexOf(undefined) + 1) as string[];
}

function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const [, v6, v4] = WITH_PORT.exec(text) ?? [];
  const address = (v6 ?? v4 ?? text).replace(ZONE, '');
  return isIP(address) === 0 ? undefined : ipaddr.process(address).toString();
}

/**
 * By what an address is counted: IPv4 by itself, IPv6 by its /64, as whoever has one of its addresses has all of them
 * (RFC 6177).
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const ip = ipaddr.process(address.replace(ZONE, ''));
  if (ip.kind() === 'ipv4') return ip.toString();
  const bytes = ip.toByteArray().map((byte, at) => (at < 8 ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/64`;
}
