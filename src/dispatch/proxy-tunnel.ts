import type { Socket } from 'node:net';
import { ConnectFailure } from './connect-failure.js';

/** A proxy through which every call goes, and that decides where calls may go. */
export interface EgressProxy {
  readonly hostname: string;
  /** With a port of its own in every case. */
  readonly port: string;
  /** The whole value of `Proxy-Authorization`, or nothing. */
  readonly authorization?: string | undefined;
}

const MAX_HEAD_BYTES = 16 * 1024;
const END_OF_HEAD = '\r\n\r\n';
/** The target could not be reached, or not in time (RFC 9110, 15.6.3 and 15.6.5). Every other refusal is the proxy's own. */
const TARGET_IS_WHY: readonly string[] = ['502', '504'];

/** Reads `http://user:password@host:port`. */
export function readProxy(text: string): EgressProxy {
  const { hostname, port, username, password } = new URL(text);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port || '80',
    ...(username !== '' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
  };
}

/**
 * Asks the proxy at the other end of a fresh connection for a tunnel (RFC 9110, 9.3.6).
 *
 * @param authority `host:port` of the target
 * @param done called once; from then on the bytes of the socket are those of the target
 */
export function openTunnel(
  socket: Socket,
  { authorization }: EgressProxy,
  authority: string,
  done: (failure: ConnectFailure | null) => void,
): void {
  let head = '';
  const finish = (failure: ConnectFailure | null): void => {
    socket.off('data', onData).off('close', onClose).off('error', onError).pause();
    done(failure);
  };
  const onClose = (): void => {
    finish(proxyFailed('the proxy closed the connection'));
  };
  const onError = (error: Error): void => {
    finish(proxyFailed(error.message));
  };
  const onData = (chunk: Buffer): void => {
    head += chunk.toString('latin1');
    const end = head.indexOf(END_OF_HEAD);
    if (end < 0 && head.length <= MAX_HEAD_BYTES) return;
    finish(judge(head, end));
  };
  socket.on('data', onData).on('close', onClose).on('error', onError);
  const credentials = authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`, 'latin1');
}

function judge(head: string, end: number): ConnectFailure | null {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (end < 0 || status === undefined) return proxyFailed('the proxy did not answer with HTTP');
  if (TARGET_IS_WHY.includes(status)) return failed('connect_failed', `the proxy answered ${status}`);
  if (!status.startsWith('2')) return proxyFailed(`the proxy answered ${status}`);
  // Nobody has asked the target for anything yet.
  if (head.length > end + END_OF_HEAD.length)
    return proxyFailed('the proxy sent bytes of its own into the tunnel');
  return null;
}

/** The fault is the proxy's, as far as can be told: nothing was learnt of the target. */
export function proxyFailed(why: string): ConnectFailure {
  return failed('proxy_failed', why);
}

function failed(code: 'connect_failed' | 'proxy_failed', why: string): ConnectFailure {
  return new ConnectFailure(code, `no tunnel through EGRESS_PROXY: ${why}`);
}
