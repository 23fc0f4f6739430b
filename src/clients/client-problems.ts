import { ProblemError } from '../http/problem.js';

/** RFC 6750, section 3: what kind of credentials opens the door. */
const ASK = 'Bearer realm="task-runner"';
const WRONG = `${ASK}, error="invalid_token"`;

export function apiKeyRequired(): ProblemError {
  return new ProblemError({
    status: 401,
    code: 'api_key_required',
    detail:
      'Send the API key of your client: Authorization: Bearer tr_live_..., or X-API-Key. An admin makes one with POST /admin/clients/{id}/keys.',
    headers: { 'www-authenticate': ASK },
  });
}

/** What a key is not, so that whoever sent it knows where to look. */
const WRONG_KEYS = {
  several:
    'Authorization, X-API-Key and X-Client-Key have different keys. Send one key: which client is meant is not guessed.',
  malformed:
    'This is no API key: it begins with tr_live_ and has 57 letters, digits and underscores. Is a piece of it missing, or is it another secret?',
  unknown: 'Nobody has this API key: it was revoked, has expired, or is of another installation.',
};

export function wrongApiKey(why: keyof typeof WRONG_KEYS): ProblemError {
  return new ProblemError({
    status: 401,
    code: 'invalid_api_key',
    detail: WRONG_KEYS[why],
    headers: { 'www-authenticate': WRONG },
  });
}

export function clientDisabled(): ProblemError {
  const detail = 'This client is disabled. An admin enables it with POST /admin/clients/set.';
  return new ProblemError({ status: 403, code: 'client_disabled', detail });
}

/** A key acts for its own client only. */
export function otherClient(clientId: string): ProblemError {
  const detail = `The API key is that of ${clientId}, and client_id names another client. Leave it out, or use the key of that client.`;
  const errors = [{ pointer: '/client_id', detail: 'is another client than that of the API key' }];
  return new ProblemError({ status: 403, code: 'client_mismatch', detail, errors });
}

export function unknownClient(): ProblemError {
  const detail = 'is no client; POST /admin/clients/set creates one';
  return new ProblemError({
    status: 400,
    code: 'unknown_client',
    detail: `/client_id ${detail}`,
    errors: [{ pointer: '/client_id', detail }],
  });
}

export function tooManyClients(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'too_many_clients',
    detail:
      'As many clients have registered themselves as may (CLIENTS_MAX), and tasks of all of them are alive. An admin can add this one with POST /admin/clients/set.',
    headers: { 'retry-after': '60' },
  });
}
