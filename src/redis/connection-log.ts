import type { Logger } from '@nestjs/common';
import { UnusableRedis } from './connect-fault.js';

/** Whose a fault is that concerns all connections. */
const ALL = '';

/** Tells of each fault once until the connection is ready again, and of a ready one when it was not, or is elsewhere. */
export class ConnectionLog {
  private readonly told = new Map<string, Set<string>>();
  private readonly places = new Map<string, string>();

  constructor(private readonly logger: Logger) {}

  fault(name: string, fault: Error): void {
    if (fault instanceof UnusableRedis) this.trouble(ALL, fault.message);
    else this.trouble(name, `${name} connection: ${fault.message}`);
  }

  /** Of a server that is asked besides; told once until it is over. */
  trouble(whose: string, words: string): void {
    const before = this.told.get(whose) ?? new Set();
    if (before.has(words)) return;
    this.told.set(whose, before.add(words));
    this.logger.warn(words);
  }

  /** The server answers; told when it did not. */
  over(whose: string): void {
    if (this.told.delete(whose)) this.logger.log(`${whose} answers again`);
  }

  /** @param place which server is at the other end */
  ready(name: string, place: string): void {
    const hadFault = [this.told.delete(name), this.told.delete(ALL)].some(Boolean);
    if (!hadFault && this.places.get(name) === place) return;
    this.places.set(name, place);
    this.logger.log(`${name} connection to ${place} is ready`);
  }
}
