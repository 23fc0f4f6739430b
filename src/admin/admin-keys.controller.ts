import { Body, Delete, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import { newApiKey } from '../clients/api-key.js';
import type { Client, ClientRecord, StoredKey } from '../clients/client.js';
import { MOST_KEYS, storedKey, withKey, withoutKey } from '../clients/client-keys.js';
import { ClientStore } from '../clients/client-store.js';
import { KeyRing } from '../clients/key-ring.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition, SendsEtag } from '../http/etag.js';
import { ProblemError } from '../http/problem.js';
import { Clock } from '../time/clock.js';
import { formatTime } from '../time/rfc3339.js';
import { AdminController, AnswersWithEtag, Conditional } from './admin-api.js';
import { CreatedKey, CreateKeyRequest, KeyList, type KeyView } from './admin-keys.dto.js';
import { existingClient } from './client-not-found.js';
import { readTerms } from './read-terms.js';

@AdminController('clients')
export class AdminKeysController {
  constructor(
    private readonly clients: ClientStore,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
  ) {}

  @Post(':id/keys')
  @Header('cache-control', 'no-store')
  @ApiBody({ type: CreateKeyRequest, required: false })
  @ApiOperation({
    operationId: 'createClientKey',
    summary: 'Make an API key for a client',
    description: `Shown once. Whoever sends it acts as this client and no other. A client has up to ${MOST_KEYS}, so that one can be changed for another.`,
  })
  @ApiResponse({ status: 201, type: CreatedKey })
  @Conditional()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such client.')
  @ApiProblem(409, 'It has as many keys as it may (`too_many_keys`).')
  async create(
    @Param('id') id: string,
    @Body() request: CreateKeyRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<CreatedKey> {
    const key = newApiKey();
    const stored = storedKey(key, readTerms(request, this.clock.now()));
    const change = (current: Client | undefined): ClientRecord => {
      const client = existingClient(current);
      precondition.require(tagged(listOf(client)));
      const record = withKey(client, stored);
      if (!record) throw tooManyKeys();
      return record;
    };
    await this.clients.change(id, change, auditLine('client.key_create', `client:${id}`, by));
    return Object.assign(keyView(stored), { client_id: id, key });
  }

  @Get(':id/keys')
  @ApiOperation({
    operationId: 'listClientKeys',
    summary: 'The API keys of a client',
    description: 'The ETag is that of the keys: it stays the same when one is used.',
  })
  @AnswersWithEtag(KeyList, new SendsEtag((list) => tagged(list as KeyList)))
  @ApiProblem(404, 'There is no such client.')
  async list(@Param('id') id: string): Promise<KeyList> {
    const client = existingClient(await this.clients.find(id));
    const hashes = (client.record.keys ?? []).map(({ hash }) => hash);
    return listOf(client, await this.keys.lastUse(hashes));
  }

  @Delete(':id/keys/:keyId')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'revokeClientKey',
    summary: 'Revoke an API key of a client',
    description: 'It opens nothing from the next request on, at whichever process that arrives.',
  })
  @ApiResponse({ status: 204, description: 'It is revoked.' })
  @Conditional()
  @ApiProblem(404, 'There is no such client (`client_not_found`), or it has no such key (`key_not_found`).')
  async revoke(
    @Param('id') id: string,
    @Param('keyId') keyId: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    const change = (current: Client | undefined): ClientRecord => {
      const client = existingClient(current);
      precondition.require(tagged(listOf(client)));
      const record = withoutKey(client, keyId);
      if (!record) throw keyNotFound();
      return record;
    };
    await this.clients.change(id, change, auditLine('client.key_revoke', `client:${id}`, by));
  }
}

/** @param usedAt of each key, Unix milliseconds, if it was */
function listOf({ record }: Client, usedAt: readonly (number | undefined)[] = []): KeyList {
  return { keys: (record.keys ?? []).map((key, at) => keyView(key, usedAt[at])) };
}

/** Whoever has looked at the keys may change them, though one was used since. */
function tagged({ keys }: KeyList): object {
  return keys.map((key) => Object.assign({}, key, { last_used_at: undefined }));
}

function keyView({ id, shown, name, createdAt, expiresAt }: StoredKey, usedAt?: number): KeyView {
  return {
    key_id: id,
    prefix: shown,
    ...(name !== undefined && { name }),
    created_at: formatTime(createdAt),
    ...(expiresAt !== undefined && { expires_at: formatTime(expiresAt) }),
    ...(usedAt !== undefined && { last_used_at: formatTime(usedAt) }),
  };
}

function tooManyKeys(): ProblemError {
  const detail = `The client has ${MOST_KEYS} keys, and may have no more. Revoke one first.`;
  return new ProblemError({ status: 409, code: 'too_many_keys', detail });
}

function keyNotFound(): ProblemError {
  const detail = 'The client has no key with this id. GET /admin/clients/{id}/keys lists them.';
  return new ProblemError({ status: 404, code: 'key_not_found', detail });
}
