import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { FailureThrottle, tooManyWrongKeys } from '../http/failure-throttle.js';
import { checkBeforeRefusal } from '../http/late-check.js';
import { rememberPrincipal } from '../http/principal.js';
import type { ProblemError } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { hashOfKey, isWholeKey } from './api-key.js';
import { keyOf } from './client.js';
import { ClientDirectory } from './client-directory.js';
import { clientDisabled, wrongApiKey } from './client-problems.js';
import { KeyRing } from './key-ring.js';

/** Whether an API key opens the door. */
@Injectable()
export class KeyCheck {
  private readonly failures = new FailureThrottle();

  constructor(
    private readonly keys: KeyRing,
    private readonly clients: ClientDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * @param isJudgedLater by what is remembered of the key, unless the request is refused before it is judged
   * @throws ProblemError when the key opens nothing, or its client is disabled; QueueUnavailable
   */
  async admit(request: FastifyRequest, key: string, isJudgedLater: boolean): Promise<true> {
    const { ip } = request;
    if (!isWholeKey(key)) throw this.refusal('malformed', ip);
    const keyHash = hashOfKey(key);
    const clientId = this.keys.clientOf(keyHash) ?? (await this.lookUp(keyHash, ip));
    const check = (): Promise<void> => this.check(clientId, keyHash, ip);
    if (isJudgedLater) checkBeforeRefusal(request, check);
    else await check();
    this.keys.used(keyHash);
    rememberPrincipal(request, { kind: 'client', clientId, keyHash });
    return true;
  }

  /** Guessing must not keep the store busy. Keys that were used here before are let in all the same. */
  private async lookUp(keyHash: string, ip: string): Promise<string> {
    this.requirePatience(ip);
    const clientId = await this.keys.find(keyHash);
    if (clientId === undefined) throw this.refusal('unknown', ip);
    return clientId;
  }

  private async check(clientId: string, keyHash: string, ip: string): Promise<void> {
    const client = await this.clients.fresh(clientId);
    if (!client || !keyOf(client, keyHash, this.clock.now())) {
      this.keys.forget(keyHash);
      throw this.refusal('unknown', ip);
    }
    if (!client.record.enabled) throw clientDisabled();
  }

  private refusal(why: Parameters<typeof wrongApiKey>[0], ip: string): ProblemError {
    this.requirePatience(ip);
    this.failures.record(ip, performance.now());
    return wrongApiKey(why);
  }

  private requirePatience(ip: string): void {
    const retryAfterMs = this.failures.retryAfterMs(ip, performance.now());
    if (retryAfterMs > 0) throw tooManyWrongKeys('API keys', retryAfterMs);
  }
}
