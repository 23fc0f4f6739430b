import { createServer, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { TARGET_TEST_CERT, TARGET_TEST_KEY } from './tls-fixture.js';

const closers: (() => Promise<void> | void)[] = [];

/** Runs `close` after the present test, newest first. */
export function closeAfterTest(close: () => Promise<void> | void): void {
  closers.push(close);
}

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** One connection to a {@link RawServer} and all bytes that came over it. */
export interface RawConnection {
  readonly socket: Socket;
  readonly received: () => Buffer;
}

export interface RawServer {
  readonly port: number;
  readonly origin: string;
  readonly connections: RawConnection[];
}

type OnRequest = (connection: RawConnection, requestIndex: number) => void;

/**
 * A server that speaks no HTTP but what the test writes. `onRequest` is called each time a whole request
 * (header and `content-length` bytes) has come in, with its number on that connection.
 */
export async function rawServer(onRequest: OnRequest): Promise<RawServer> {
  return listen(createServer({ noDelay: true }), 'http', onRequest);
}

/** As {@link rawServer}, over TLS, with the certificate of `target.test`. */
export async function rawTlsServer(onRequest: OnRequest): Promise<RawServer> {
  return listen(createTlsServer({ cert: TARGET_TEST_CERT, key: TARGET_TEST_KEY }), 'https', onRequest);
}

async function listen(server: Server, scheme: 'http' | 'https', onRequest: OnRequest): Promise<RawServer> {
  const connections: RawConnection[] = [];
  server.on(scheme === 'https' ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.push(serve(socket, onRequest));
  });
  server.on('tlsClientError', () => undefined);
  const raw = new Set<Socket>();
  server.on('connection', (socket: Socket) => raw.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterTest(async () => {
    for (const socket of raw) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, origin: `${scheme}://127.0.0.1:${port}`, connections };
}

function serve(socket: Socket, onRequest: OnRequest): RawConnection {
  let received = Buffer.alloc(0);
  let consumed = 0;
  let requests = 0;
  const connection = { socket, received: () => received };
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (
      let end = endOfRequest(received, consumed);
      end !== undefined;
      end = endOfRequest(received, consumed)
    ) {
      consumed = end;
      onRequest(connection, requests++);
    }
  });
  return connection;
}

function endOfRequest(bytes: Buffer, from: number): number | undefined {
  const headerEnd = bytes.indexOf('\r\n\r\n', from);
  if (headerEnd < 0) return undefined;
  const header = bytes.toString('latin1', from, headerEnd);
  const length = Number(/^content-length: (\d+)$/im.exec(header)?.[1] ?? 0);
  const end = headerEnd + 4 + length;
  return bytes.length >= end ? end : undefined;
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
