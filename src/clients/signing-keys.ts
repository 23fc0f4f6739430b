import { createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { TextCipher } from '../queue/text-cipher.js';
import { SIGNING_KEY } from '../redis/keys.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { Clock } from '../time/clock.js';
import { ClientLookup } from './client-lookup.js';
import type { StoredSigningSecret } from './client.js';
import { bytesOfSecret, liveSecrets, ownerOfSecret, SECRET_PREFIX } from './signing-secrets.js';

/** A secret of a client is stored encrypted, and no key of `TASK_ENCRYPTION_KEY` opens it. */
export class UnreadableSecret extends Error {
  constructor(clientId: string, secretId: string) {
    super(
      `signing secret ${secretId} of client ${clientId} was stored encrypted, and no key of TASK_ENCRYPTION_KEY opens it`,
    );
  }
}

interface Key {
  readonly secretId: string;
  /** Nothing when it could not be opened. */
  readonly key: KeyObject | undefined;
  readonly expiresAt?: number;
}

/** What the calls of clients are signed with, for the workers. A change holds within a second. */
@Injectable()
export class SigningKeys {
  private readonly lookup: ClientLookup<readonly Key[]>;

  constructor(
    config: Config,
    connections: RedisConnections,
    private readonly clock: Clock,
  ) {
    const cipher = new TextCipher(config);
    const open = (secret: string, clientId: string): string | undefined =>
      secret.startsWith(SECRET_PREFIX) ? secret : cipher.open(secret, ownerOfSecret(clientId));
    this.lookup = new ClientLookup(connections, SIGNING_KEY, (text, clientId) =>
      (JSON.parse(text) as StoredSigningSecret[]).map(({ secret, secretId, expiresAt }) => {
        const opened = open(secret, clientId);
        const key = opened === undefined ? undefined : createSecretKey(bytesOfSecret(opened));
        return { secretId, key, ...(expiresAt !== undefined && { expiresAt }) };
      }),
    );
  }

  /**
   * All keys of a client that are live, oldest first; none of a client that has no secret.
   *
   * @throws UnreadableSecret, and Error when Redis does not answer and they were not known before
   */
  of(clientId: string): readonly KeyObject[] | Promise<readonly KeyObject[]> {
    const found = this.lookup.of(clientId);
    if (found === undefined) return NONE;
    if (found instanceof Promise) return found.then((keys) => (keys ? this.live(keys, clientId) : NONE));
    return this.live(found, clientId);
  }

  /** One that cannot be opened is no reason to sign with the others alone: its receiver would refuse the call. */
  private live(keys: readonly Key[], clientId: string): readonly KeyObject[] {
    return liveSecrets(keys, this.clock.now()).map(({ key, secretId }) => {
      if (!key) throw new UnreadableSecret(clientId, secretId);
      return key;
    });
  }
}

const NONE: readonly KeyObject[] = [];
