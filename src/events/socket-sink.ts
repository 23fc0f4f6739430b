import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { StoredEvent } from './event.js';
import type { Farewell, ListenerSink } from './listener.js';

/** 1000 to 2999 are those of RFC 6455, section 7.4; from 4000 on they are ours. */
export const CLOSE_CODES = {
  shutting_down: 1001,
  unavailable: 1013,
  malformed_message: 4000,
  not_authenticated: 4001,
  not_allowed: 4003,
  too_slow: 4008,
} as const;

/** One that does not answer the farewell is cut off. */
const FAREWELL_WITHIN_MS = 5000;

/** Ends a connection with a code and the word for it, and cuts it off when that is not heard. */
export function closeWith(websocket: WebSocket, why: keyof typeof CLOSE_CODES, detail?: string): void {
  if (detail !== undefined) websocket.send(JSON.stringify({ type: 'error', code: why, detail }));
  websocket.close(CLOSE_CODES[why], why);
  setTimeout(() => {
    websocket.terminate();
  }, FAREWELL_WITHIN_MS).unref();
}

/** How the events of a connection are written, and who is told of each that was. */
export interface Writing {
  readonly text: (event: StoredEvent) => string;
  readonly sent: (kind: string) => void;
}

/** Events as messages of a WebSocket, each a JSON text. */
export class SocketSink implements ListenerSink {
  constructor(
    private readonly websocket: WebSocket,
    private readonly socket: Socket,
    private readonly writing: Writing,
  ) {}

  /** What goes out together is one call of the system. */
  write(events: readonly StoredEvent[]): boolean {
    this.socket.cork();
    for (const event of events) {
      this.websocket.send(this.writing.text(event));
      this.writing.sent(event.kind);
    }
    this.socket.uncork();
    return !this.socket.writableNeedDrain;
  }

  onDrain(listener: () => void): void {
    this.socket.on('drain', listener);
  }

  ready(id: string): void {
    this.websocket.send(JSON.stringify({ type: 'ready', id }));
  }

  end(why: Farewell): void {
    closeWith(this.websocket, why);
  }
}
