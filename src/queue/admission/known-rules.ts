import { Injectable } from '@nestjs/common';
import { ADMISSION_KEY } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { whenAvailable } from '../when-available.js';
import { type AdmissionRules, decodeRules } from './admission-rules.js';

/** Clients that are remembered; beyond that, the ones that were asked for first are forgotten. */
const MOST = 10_000;

/**
 * The rules of clients as this process knows them. They may be old: the store says so (`stale`) before anything is
 * judged by them, and then they are to be forgotten and asked for again.
 */
@Injectable()
export class KnownRules {
  private readonly known = new Map<string, Promise<AdmissionRules | undefined>>();

  constructor(private readonly connections: RedisConnections) {}

  /**
   * Nothing of a client that is in no record.
   *
   * @throws QueueUnavailable
   */
  of(clientId: string): Promise<AdmissionRules | undefined> {
    return this.known.get(clientId) ?? this.read(clientId);
  }

  forget(clientId: string): void {
    this.known.delete(clientId);
  }

  private read(clientId: string): Promise<AdmissionRules | undefined> {
    const reading = whenAvailable(() => this.connections.producer.hget(ADMISSION_KEY, clientId)).then(
      (text) => (text === null ? undefined : decodeRules(text)),
    );
    const oldest = this.known.keys().next();
    if (this.known.size >= MOST && !oldest.done) this.known.delete(oldest.value);
    this.known.set(clientId, reading);
    reading.catch(() => {
      if (this.known.get(clientId) === reading) this.known.delete(clientId);
    });
    return reading;
  }
}
