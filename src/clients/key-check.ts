import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { FailureThrottle, requirePatience } from '../http/failure-throttle.js';
import { checkBeforeRefusal } from '../http/late-check.js';
import { rememberPrincipal } from '../http/principal.js';
import type { ProblemError } from '../http/problem.js';
import { networkOf } from '../http/sender-address.js';
import { Clock } from '../time/clock.js';
import { hashOfKey, isWholeKey } from './api-key.js';
import { keyOf } from './client.js';
import { ClientDirectory } from './client-directory.js';
import { clientDisabled, wrongApiKey } from './client-problems.js';
import { KeyRing } from './key-ring.js';
import { SEVERAL_KEYS } from './sent-key.js';

const WHAT = 'API keys';

/** Whether an API key opens the door. */
@Injectable()
export class KeyCheck {
  private readonly failures = new FailureThrottle();
  /** Different wrong ones that were looked up: guessing must not keep the store busy. */
  private readonly lookUps = FailureThrottle.ofGuesses();

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
    const ip = networkOf(request.ip);
    if (key === SEVERAL_KEYS) throw this.refusal('several', ip);
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

  /** A key that is right is let in however many wrong ones come from there: somebody may go on with one that was revoked. */
  private async lookUp(keyHash: string, ip: string): Promise<string> {
    if (this.keys.wasWrong(keyHash)) throw this.refusal('unknown', ip);
    requirePatience(this.lookUps, ip, WHAT);
    const clientId = await this.keys.find(keyHash);
    if (clientId !== undefined) return clientId;
    this.lookUps.record(ip, performance.now());
    throw this.refusal('unknown', ip);
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
    requirePatience(this.failures, ip, WHAT);
    this.failures.record(ip, performance.now());
    return wrongApiKey(why);
  }
}
