import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

interface LostReply {
  /** What the request contains whose reply is to be lost. */
  readonly request: string;
  readonly onLost: () => void;
}

/** A TCP connection to Redis that can be cut, to make Redis "away" without touching the server, or lose a reply. */
export class Proxy {
  private readonly sockets = new Set<Socket>();
  private isCut = false;
  private toLose: LostReply | undefined;
  private readonly server = createServer((client) => {
    if (this.isCut) client.destroy();
    else this.join(client, connect(Number(this.target.port), this.target.hostname));
  });

  private constructor(private readonly target: URL) {}

  static async to(url: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(url));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** The URL to use instead of the target's. */
  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  /**
   * Waits for a request that contains a text, lets Redis carry it out, and breaks the connection when the reply
   * comes. Resolves then.
   */
  loseReplyTo(request: string): Promise<void> {
    return new Promise((resolve) => {
      this.toLose = { request, onLost: resolve };
    });
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, upstream: Socket): void {
    let lost: LostReply | undefined;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (this.toLose && chunk.includes(this.toLose.request)) {
        lost = this.toLose;
        this.toLose = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (lost) {
        client.destroy();
        lost.onLost();
      } else client.write(chunk);
    });
  }
}
