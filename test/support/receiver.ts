import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from './until.js';

/** One request as the target saw it, byte for byte. */
export interface Received {
  readonly method: string;
  readonly path: string;
  /** Name and value in turn, in the order and spelling of the wire. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly at: number;
}

type Answer = (request: Received, response: ServerResponse, nth: number) => void;

/** A real HTTP server for tasks to call. It answers 200 unless told otherwise. */
export class Receiver {
  readonly received: Received[] = [];
  answer: Answer = (_request, response) => response.end('ok');
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', rawHeaders, headers } = request;
      const seen = { method, path, rawHeaders, headers, body: Buffer.concat(chunks), at: Date.now() };
      this.received.push(seen);
      this.answer(seen, response, this.received.length);
    });
  });

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Waits until so many requests have come, and gives them. */
  async gets(count: number, timeoutMs = 10_000): Promise<Received[]> {
    await until(() => this.received.length >= count, { timeoutMs });
    return this.received;
  }

  /** Forgets what came and answers 200 again. */
  reset(): void {
    this.received.length = 0;
    this.answer = (_request, response) => response.end('ok');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
