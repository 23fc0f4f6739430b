import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AdminGuard } from './admin-guard.js';

/** Who looks at the key of a request, and sends away whoever may not be there. */
export interface Door {
  /** @throws ProblemError when the request may not go on */
  admit(request: FastifyRequest): boolean | Promise<boolean>;
}

/** All doors that a request goes through. */
@Injectable()
export class Doors {
  private readonly doors: Door[];

  constructor(admin: AdminGuard) {
    this.doors = [admin];
  }

  add(door: Door): void {
    this.doors.push(door);
  }

  /**
   * Guards every route of a server by the headers of a request alone: of a stranger no body is read, and none is asked for
   * (`Expect: 100-continue`).
   */
  guard(server: FastifyInstance): void {
    server.addHook('onRequest', async (request) => {
      if (request.is404) return;
      for (const door of this.doors) await door.admit(request);
    });
  }
}
