import type { ServerResponse } from 'node:http';
import type { StoredEvent } from './event.js';
import type { Farewell, ListenerSink } from './listener.js';

/** Proxies end connections over which nothing comes. */
const HEARTBEAT_MS = 15_000;
/** One that does not read its farewell is cut off. */
const FAREWELL_WITHIN_MS = 5000;
/** When a browser should come back, milliseconds. */
const RETRY_MS = 2000;

const WORDS: Record<Farewell, string> = {
  too_slow: 'Events came faster than they were read. Connect again with Last-Event-ID, or ask for fewer.',
  shutting_down: 'This process is being stopped; connect again.',
  not_allowed: 'The key does not open this any more.',
  unavailable: 'The store is away; connect again.',
};

/** Events as server-sent events (WHATWG HTML, section 9.2). */
export class SseSink implements ListenerSink {
  private readonly heartbeat: NodeJS.Timeout;

  constructor(private readonly response: ServerResponse) {
    response.write(`retry: ${RETRY_MS}\n\n`);
    this.heartbeat = setInterval(() => {
      // What waits to be read is a sign of life, too.
      if (!response.writableNeedDrain) response.write(': still here\n\n');
    }, HEARTBEAT_MS).unref();
    response.once('close', () => {
      clearInterval(this.heartbeat);
    });
  }

  write(events: readonly StoredEvent[]): boolean {
    return this.response.write(events.map(frame).join(''));
  }

  onDrain(listener: () => void): void {
    this.response.on('drain', listener);
  }

  ready(id: string): void {
    this.response.write(`id: ${id}\nevent: ready\ndata: {"type":"ready","id":"${id}"}\n\n`);
  }

  end(why: Farewell): void {
    clearInterval(this.heartbeat);
    const data = JSON.stringify({ type: 'error', code: why, detail: WORDS[why] });
    this.response.end(`event: error\ndata: ${data}\n\n`);
    setTimeout(() => this.response.destroy(), FAREWELL_WITHIN_MS).unref();
  }
}

function frame({ id, kind, json }: StoredEvent): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${json}\n\n`;
}
