import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { EVENT_KINDS } from './event.js';

const EVENT_ID = /^\d{1,15}-\d{1,15}$/;

export class EventsQuery {
  /** Comma list of kinds, or of groups of them like `task.*`; left out: all. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @ApiProperty({
    example: 'task.*,worker.left',
    required: false,
    description: `Of ${EVENT_KINDS.join(', ')}.`,
  })
  kinds?: string;

  /** Only of tasks in this queue. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  queue?: string;

  /** Only of tasks of this client. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  client_id?: string;

  /** Go on after this event; the header Last-Event-ID says the same. */
  @IsOptional()
  @Matches(EVENT_ID, { message: 'must be the id of an event' })
  last_event_id?: string;

  /** Of `POST /v1/events/ticket`, instead of a key. */
  @IsOptional()
  @IsString()
  @MaxLength(200)
  ticket?: string;
}

export class SocketQuery extends EventsQuery {
  /** A key or a ticket, for clients that cannot send it otherwise. It is in no log of this server, but may be in those of proxies. */
  @IsOptional()
  @IsString()
  @MaxLength(600)
  token?: string;
}

/** A ticket for one connection to `/v1/events` or `/ws`. */
export class TicketView {
  @ApiProperty({
    description: 'Send it as `?ticket=` or, to a WebSocket, in the first message; it works once.',
  })
  ticket!: string;

  @ApiProperty({ format: 'date-time' })
  expires_at!: string;
}
