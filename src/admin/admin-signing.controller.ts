import { Body, Delete, Get, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { auditLine } from '../audit/audit-line.js';
import type { Client, ClientRecord, StoredSigningSecret } from '../clients/client.js';
import { ClientStore } from '../clients/client-store.js';
import {
  MOST_SECRETS,
  newSecretId,
  newSigningSecret,
  ownerOfSecret,
  withoutSecret,
  withSecret,
} from '../clients/signing-secrets.js';
import { Config } from '../config/config.js';
import { type Actor, By } from '../http/actor.js';
import { ApiProblem } from '../http/api-problem.js';
import { IfMatch, type Precondition } from '../http/etag.js';
import { ProblemError } from '../http/problem.js';
import { TextCipher } from '../queue/text-cipher.js';
import { Clock } from '../time/clock.js';
import { formatTime } from '../time/rfc3339.js';
import { AdminController, AnswersWithEtag, Conditional } from './admin-api.js';
import {
  CreatedSigningSecret,
  CreateSigningSecretRequest,
  SigningSecretList,
  type SigningSecretView,
} from './admin-signing.dto.js';
import { existingClient } from './client-not-found.js';
import { readTerms } from './read-terms.js';

@AdminController('clients')
export class AdminSigningController {
  private readonly cipher: TextCipher;

  constructor(
    config: Config,
    private readonly clients: ClientStore,
    private readonly clock: Clock,
  ) {
    this.cipher = new TextCipher(config);
  }

  @Post(':id/signing-secrets')
  @Header('cache-control', 'no-store')
  @ApiBody({ type: CreateSigningSecretRequest, required: false })
  @ApiOperation({
    operationId: 'createSigningSecret',
    summary: 'Make a secret with which the calls of a client are signed',
    description: `Shown once. From within a second on, each call of the client carries the headers of Standard Webhooks (\`webhook-id\`, \`webhook-timestamp\`, \`webhook-signature\`), signed with each of its secrets: up to ${MOST_SECRETS}, so that one can be changed for another.`,
  })
  @ApiResponse({ status: 201, type: CreatedSigningSecret })
  @Conditional()
  @ApiProblem(400, 'The request breaks a rule; `errors` names each field.')
  @ApiProblem(404, 'There is no such client.')
  @ApiProblem(409, 'It has as many secrets as it may (`too_many_signing_secrets`).')
  async create(
    @Param('id') id: string,
    @Body() request: CreateSigningSecretRequest,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<CreatedSigningSecret> {
    const secret = newSigningSecret();
    const stored = {
      secretId: newSecretId(),
      secret: this.cipher.seal(secret, ownerOfSecret(id)) ?? secret,
      ...readTerms(request, this.clock.now()),
    };
    const change = (current: Client | undefined): ClientRecord => {
      const client = existingClient(current);
      precondition.require(listOf(client));
      const record = withSecret(client, stored);
      if (!record) throw tooManySecrets();
      return record;
    };
    await this.clients.change(id, change, auditLine('client.signing_secret_create', `client:${id}`, by));
    return Object.assign(secretView(stored), { client_id: id, secret });
  }

  @Get(':id/signing-secrets')
  @ApiOperation({ operationId: 'listSigningSecrets', summary: 'The signing secrets of a client' })
  @AnswersWithEtag(SigningSecretList)
  @ApiProblem(404, 'There is no such client.')
  async list(@Param('id') id: string): Promise<SigningSecretList> {
    return listOf(existingClient(await this.clients.find(id)));
  }

  @Delete(':id/signing-secrets/:secretId')
  @HttpCode(204)
  @ApiOperation({
    operationId: 'deleteSigningSecret',
    summary: 'Delete a signing secret of a client',
    description:
      'Nothing is signed with it any more, within a second. Without its last one, calls are not signed.',
  })
  @ApiResponse({ status: 204, description: 'It is deleted.' })
  @Conditional()
  @ApiProblem(
    404,
    'There is no such client (`client_not_found`), or it has no such secret (`signing_secret_not_found`).',
  )
  async delete(
    @Param('id') id: string,
    @Param('secretId') secretId: string,
    @IfMatch() precondition: Precondition,
    @By() by: Actor,
  ): Promise<void> {
    const change = (current: Client | undefined): ClientRecord => {
      const client = existingClient(current);
      precondition.require(listOf(client));
      const record = withoutSecret(client, secretId);
      if (!record) throw secretNotFound();
      return record;
    };
    await this.clients.change(id, change, auditLine('client.signing_secret_delete', `client:${id}`, by));
  }
}

function listOf({ record }: Client): SigningSecretList {
  return { signing_secrets: (record.signingSecrets ?? []).map(secretView) };
}

function secretView({ secretId, name, createdAt, expiresAt }: StoredSigningSecret): SigningSecretView {
  return {
    secret_id: secretId,
    ...(name !== undefined && { name }),
    created_at: formatTime(createdAt),
    ...(expiresAt !== undefined && { expires_at: formatTime(expiresAt) }),
  };
}

function tooManySecrets(): ProblemError {
  const detail = `The client has ${MOST_SECRETS} signing secrets, and may have no more. Delete one first.`;
  return new ProblemError({ status: 409, code: 'too_many_signing_secrets', detail });
}

function secretNotFound(): ProblemError {
  const detail =
    'The client has no signing secret with this id. GET /admin/clients/{id}/signing-secrets lists them.';
  return new ProblemError({ status: 404, code: 'signing_secret_not_found', detail });
}
