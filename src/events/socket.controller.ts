import { Controller, Get, type OnModuleDestroy, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import { sentKey } from '../clients/sent-key.js';
import { Config } from '../config/config.js';
import { AdminKey } from '../http/admin-key.js';
import { ApiProblem } from '../http/api-problem.js';
import { crossOrigin, isAllowedOrigin } from '../http/cross-origin.js';
import { ProblemError } from '../http/problem.js';
import { type Upgrade, upgradeOf } from '../http/upgrades.js';
import { EventAccess } from './event-access.js';
import { ALL, type Audience } from './event-filter.js';
import { EventHub } from './event-hub.js';
import { SocketQuery } from './events.dto.js';
import { readFilter } from './read-filter.js';
import { SocketSession } from './socket-session.js';

const MOST_MESSAGE_BYTES = 16_384;

/** `/ws`: events over a WebSocket. The handshake is a request like all others; what is refused gets a problem document. */
@ApiTags('tasks')
@Controller('ws')
export class SocketController implements OnModuleDestroy {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    // The session answers pings, as long as the answers are read.
    autoPong: false,
  });
  private readonly sessions = new Set<SocketSession>();

  constructor(
    private readonly config: Config,
    private readonly hub: EventHub,
    private readonly access: EventAccess,
    private readonly admin: AdminKey,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'openEventSocket',
    summary: 'What happens, as it happens, over a WebSocket',
    description:
      'The key goes into a header, or into the first message: `{"type":"auth","token":"..."}`. `{"type":"subscribe"}` says what to hear, and from where on. docs/events.md has all of it.',
  })
  @ApiResponse({ status: 101, description: 'Events, one in a message.' })
  @ApiProblem(400, 'The query breaks a rule; `errors` names each field.')
  @ApiProblem(401, 'The key or the ticket opens nothing.')
  @ApiProblem(403, 'A page of another origin asked for it (`cross_origin`).')
  @ApiProblem(426, 'This is for WebSockets; GET /v1/events tells the same over HTTP.')
  @ApiProblem(
    503,
    'As many listen as may, in all or for the client, or the store is away; Retry-After says when to try again.',
  )
  async open(
    @Query() query: SocketQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const upgrade = upgradeOf(request.raw);
    if (!upgrade) throw upgradeRequired();
    if (!isAllowedOrigin(request.headers, this.config.service.allowedOrigins)) throw crossOrigin();
    readFilter(query);
    // Before a ticket is used up.
    this.hub.requireRoom(ALL);
    const audience = await this.audience(request, query);
    this.requireRoom(audience);
    reply.hijack();
    reply.raw.detachSocket(upgrade.socket);
    this.begin(request, upgrade, (session) => {
      if (audience) session.admit(audience, query);
    });
  }

  onModuleDestroy(): void {
    for (const session of this.sessions) session.end();
  }

  /** By all that it came with, which must be right; nothing: the first message will say. */
  private async audience(request: FastifyRequest, query: SocketQuery): Promise<Audience | undefined> {
    const isOpen = this.admin.isSentBy(request) || this.admin.isOpen;
    let audience = isOpen ? ALL : undefined;
    for (const secret of [sentKey(request.headers), query.token, query.ticket]) {
      if (secret) audience = await this.access.audienceBy(secret, request);
    }
    return audience;
  }

  private requireRoom(audience: Audience | undefined): void {
    if (audience) this.hub.requireRoom(audience);
    else this.hub.requireRoomToWait([...this.sessions].filter(({ isWaiting }) => isWaiting).length);
  }

  private begin(
    request: FastifyRequest,
    { socket, head }: Upgrade,
    then: (session: SocketSession) => void,
  ): void {
    const { hub, access } = this;
    this.server.handleUpgrade(request.raw, socket, head, (websocket) => {
      const parts = { hub, access, request, bufferBytes: this.config.events.bufferBytes };
      const session = new SocketSession(websocket, socket, parts);
      this.sessions.add(session);
      this.hub.countSockets(this.sessions.size);
      websocket.once('close', () => {
        this.sessions.delete(session);
        this.hub.countSockets(this.sessions.size);
      });
      then(session);
    });
  }
}

function upgradeRequired(): ProblemError {
  return new ProblemError({
    status: 426,
    code: 'upgrade_required',
    detail: 'This is for WebSockets; GET /v1/events tells the same as server-sent events.',
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  });
}
