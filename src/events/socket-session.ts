import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { ProblemError } from '../http/problem.js';
import type { EventAccess } from './event-access.js';
import type { Audience } from './event-filter.js';
import type { EventHub } from './event-hub.js';
import type { EventsQuery } from './events.dto.js';
import { Listener } from './listener.js';
import { readFilter } from './read-filter.js';
import { EVENT_KINDS, NOWHERE, type StoredEvent } from './event.js';
import { readMessage, type SocketMessage } from './socket-message.js';
import { closeWith, SocketSink } from './socket-sink.js';
import { inBothWords } from './task-queue-words.js';

const AUTH_WITHIN_MS = 10_000;
const OUR_WORDS = ['kinds', 'queue', 'client_id', 'last_event_id', 'ticket'] as const;
/** One that has not answered the last ping has gone. */
const PING_EVERY_MS = 30_000;

export interface SessionParts {
  readonly hub: EventHub;
  readonly access: EventAccess;
  readonly request: FastifyRequest;
  readonly bufferBytes: number;
}

type Wanted = EventsQuery;

/** One WebSocket: who it is, and what it wants to hear. */
export class SocketSession {
  private audience: Audience | undefined;
  private listener: Listener | undefined;
  /** It has said something that only those say who know this product. */
  private speaksOurWords = false;
  /** Kinds, in the words of Task Queue Go; nothing = all. */
  private chosen: readonly string[] | undefined;
  private isAlive = true;
  private written = 0;
  private readonly ping: NodeJS.Timeout;
  private readonly authDeadline: NodeJS.Timeout;

  constructor(
    private readonly websocket: WebSocket,
    private readonly socket: Socket,
    private readonly parts: SessionParts,
  ) {
    this.ping = setInterval(() => {
      this.lookWhetherAlive();
    }, PING_EVERY_MS).unref();
    this.authDeadline = setTimeout(() => {
      closeWith(websocket, 'not_authenticated', 'No auth message came within ten seconds.');
    }, AUTH_WITHIN_MS).unref();
    websocket.on('pong', () => (this.isAlive = true));
    websocket.on('ping', (data: Buffer) => {
      if (this.isRead) websocket.pong(data);
    });
    websocket.on('error', () => {
      websocket.terminate();
    });
    websocket.on('close', () => {
      this.stop();
    });
    websocket.on('message', (data: Buffer, isBinary) => void this.onMessage(isBinary ? '' : data.toString()));
  }

  /** Whether it has not said yet who it is. */
  get isWaiting(): boolean {
    return this.audience === undefined;
  }

  /** It is known who listens: from the request, or from its first message. */
  admit(audience: Audience, wanted: Wanted): void {
    clearTimeout(this.authDeadline);
    this.audience = audience;
    this.speaksOurWords ||= OUR_WORDS.some((name) => wanted[name] !== undefined);
    this.listen(audience, wanted);
  }

  /** The process is being stopped. */
  end(): void {
    if (this.listener) this.listener.end('shutting_down');
    else closeWith(this.websocket, 'shutting_down');
  }

  private stop(): void {
    clearInterval(this.ping);
    clearTimeout(this.authDeadline);
    if (this.listener) this.parts.hub.remove(this.listener);
  }

  /** Whether it takes what it is sent: answers to one that only asks would pile up. */
  private get isRead(): boolean {
    return !this.socket.writableNeedDrain;
  }

  private lookWhetherAlive(): void {
    const { bytesWritten } = this.socket;
    const isMoving = bytesWritten !== this.written;
    if (!this.isAlive && !isMoving) this.websocket.terminate();
    this.written = bytesWritten;
    this.isAlive = false;
    this.websocket.ping();
  }

  private async onMessage(text: string): Promise<void> {
    const message = readMessage(text);
    try {
      if (typeof message === 'string') closeWith(this.websocket, 'malformed_message', message);
      else await this.obey(message);
    } catch (error) {
      const isTheirs = error instanceof ProblemError && error.init.status < 500;
      const detail = error instanceof ProblemError ? error.init.detail : 'The store is away; connect again.';
      const code =
        error instanceof ProblemError && error.init.status === 400
          ? 'malformed_message'
          : 'not_authenticated';
      closeWith(this.websocket, isTheirs ? code : 'unavailable', detail);
    }
  }

  private async obey(message: SocketMessage): Promise<void> {
    switch (message.type) {
      case 'ping':
        if (this.isRead) this.websocket.send('{"type":"pong"}');
        return;
      case 'choose':
        this.choose(message);
        return;
      case 'auth':
        this.speaksOurWords = true;
        this.admit(await this.parts.access.audienceBy(message.token, this.parts.request), {});
        return;
      case 'subscribe':
        this.speaksOurWords = true;
        this.listen(this.audience ?? this.parts.access.anyone(), message);
    }
  }

  /** Goes on where it is. */
  private choose({ kinds, isWanted }: Extract<SocketMessage, { type: 'choose' }>): void {
    const before = this.chosen ?? (isWanted ? [] : EVENT_KINDS);
    const chosen = isWanted ? [...before, ...kinds] : before.filter((kind) => !kinds.includes(kind));
    this.listen(this.audience ?? this.parts.access.anyone(), {
      ...(chosen.length > 0 && { kinds: chosen.join(',') }),
      ...this.whereItIs(),
    });
    this.chosen = chosen.length > 0 ? chosen : undefined;
  }

  private whereItIs(): Pick<Wanted, 'last_event_id'> {
    const { at } = this.listener ?? {};
    return at === undefined || at === NOWHERE ? {} : { last_event_id: at };
  }

  private readonly text = (event: StoredEvent): string =>
    this.speaksOurWords ? event.json : inBothWords(event);

  /** Instead of what it has listened to so far. */
  private listen(audience: Audience, wanted: Wanted): void {
    const { hub, access, bufferBytes } = this.parts;
    if (this.listener) hub.remove(this.listener);
    const subscription = {
      audience,
      filter: readFilter(wanted),
      lastEventId: wanted.last_event_id,
      mayStay: () => access.mayStill(audience),
    };
    this.listener = new Listener(
      new SocketSink(this.websocket, this.socket, { text: this.text, sent: hub.messageSent }),
      subscription,
      bufferBytes,
    );
    hub.add(this.listener);
  }
}
