import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FreeAddress {
  readonly url: string;
  /** Somebody does now, and answers 200 to everything. */
  readonly listen: () => Promise<Server>;
}

/** An address at which nobody listens, and where somebody may later. */
export async function freeAddress(): Promise<FreeAddress> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const listen = async () => {
    const again = createServer((_request, response) => response.end('ok')).listen(port, '127.0.0.1');
    await once(again, 'listening');
    return again;
  };
  return { url: `http://127.0.0.1:${port}`, listen };
}
