import { Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OpensWithTicket } from '../clients/client-guard.js';
import { Config } from '../config/config.js';
import { ApiProblem } from '../http/api-problem.js';
import { ClientController } from '../http/client-api.js';
import { crossOrigin, isAllowedOrigin } from '../http/cross-origin.js';
import { As, type Principal } from '../http/principal.js';
import { ProblemError } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { EventAccess, TICKET_FOR_MS } from './event-access.js';
import { ALL, type Audience } from './event-filter.js';
import { EventHub } from './event-hub.js';
import { EventsQuery, TicketView } from './events.dto.js';
import { Listener, type Subscription } from './listener.js';
import { readFilter } from './read-filter.js';
import { SseSink } from './sse-sink.js';

const EVENT_ID = /^\d{1,15}-\d{1,15}$/;

@ClientController('v1/events')
export class EventsController {
  private readonly bufferBytes: number;
  private readonly allowedOrigins: readonly string[];

  constructor(
    { events, service }: Config,
    private readonly hub: EventHub,
    private readonly access: EventAccess,
    private readonly clock: Clock,
  ) {
    this.bufferBytes = events.bufferBytes;
    this.allowedOrigins = service.allowedOrigins;
  }

  @Get()
  @OpensWithTicket()
  @ApiOperation({
    operationId: 'listenToEvents',
    summary: 'What happens, as it happens',
    description:
      'Server-sent events. After the event `ready` nothing is left out; a `gap` says that something was. A client learns of its own tasks, an admin of everything. docs/events.md has all kinds.',
  })
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Go on after this event.' })
  @ApiResponse({ status: 200, description: 'Events, until one of the two ends it.' })
  @ApiProblem(
    400,
    'The query breaks a rule; `errors` names each field. Or Last-Event-ID is the id of no event (`invalid_last_event_id`).',
  )
  @ApiProblem(
    503,
    'As many listen as may, in all or for the client, or the store is away; Retry-After says when to try again.',
  )
  async listen(
    @Query() query: EventsQuery,
    @As() principal: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // A page of another origin could read nothing of it, and yet take up a place.
    if (!isAllowedOrigin(request.headers, this.allowedOrigins)) throw crossOrigin();
    const filter = readFilter(query);
    const lastEventId = lastEventIdOf(request, query);
    const audience = await this.audience(principal, query.ticket);
    this.hub.requireRoom(audience);
    const response = begin(reply);
    if (request.method === 'HEAD') response.end();
    else this.tell(response, { audience, filter, lastEventId });
  }

  private tell(response: FastifyReply['raw'], about: Omit<Subscription, 'mayStay'>): void {
    const subscription = { ...about, mayStay: () => this.access.mayStill(about.audience) };
    const listener = new Listener(new SseSink(response), subscription, this.bufferBytes);
    response.once('close', () => {
      this.hub.remove(listener);
    });
    this.hub.add(listener);
  }

  private async audience(principal: Principal, ticket: string | undefined): Promise<Audience> {
    if (ticket === undefined) return this.access.audienceOf(principal);
    // Before the ticket is used up.
    this.hub.requireRoom(ALL);
    return this.access.redeem(ticket);
  }

  @Post('ticket')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createEventTicket',
    summary: 'A ticket for one connection to events',
    description: 'For pages in browsers, which cannot send a key with an EventSource or a WebSocket.',
  })
  @ApiResponse({ status: 201, type: TicketView })
  @ApiProblem(503, 'The store is away; Retry-After says when to try again.')
  async ticket(@As() principal: Principal): Promise<TicketView> {
    const ticket = await this.access.issueTicket(this.access.audienceOf(principal));
    return { ticket, expires_at: new Date(this.clock.now() + TICKET_FOR_MS).toISOString() };
  }
}

/**
 * The header is what a browser sends when it comes back by itself; it knows better than the address.
 *
 * @throws ProblemError when it is the id of no event
 */
function lastEventIdOf({ headers }: FastifyRequest, { last_event_id }: EventsQuery): string | undefined {
  const { 'last-event-id': sent } = headers;
  if (sent === undefined || sent === '') return last_event_id;
  if (typeof sent === 'string' && EVENT_ID.test(sent)) return sent;
  const detail = 'Last-Event-ID must be the id of an event, as it was told.';
  throw new ProblemError({ status: 400, code: 'invalid_last_event_id', detail });
}

function begin(reply: FastifyReply): FastifyReply['raw'] {
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would keep them back otherwise.
    'x-accel-buffering': 'no',
  });
  reply.raw.flushHeaders();
  return reply.raw;
}
