import { errors } from 'undici';
import { AnswerTooLarge } from './answer-limit.js';
import { ConnectFailure, messageOf } from './connect-failure.js';
import { Failed } from './http-sender.js';

type Described = Pick<Failed, 'code' | 'message' | 'stage' | 'permanent'>;

const BY_CODE = new Map<string, Failed['code']>([
  ['UND_ERR_HEADERS_OVERFLOW', 'headers_too_large'],
  ['UND_ERR_DESTROYED', 'aborted'],
  ['UND_ERR_CLOSED', 'aborted'],
]);
/** undici refuses these while building the request, before it looks for a connection. */
const INVALID = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

/** undici asserts what every sane answer has; its words would tell nobody anything. */
const NOT_HTTP = 'The answer is not valid HTTP/1.1';

/**
 * Words for an error of undici.
 *
 * @param started whether the request was handed to a connection: from then on bytes may have left
 */
export function describeFailure(error: Error & { code?: string }, started: boolean): Described {
  if (started) return { stage: 'ambiguous', ...lostOrBad(error) };
  const message = messageOf(error);
  if (error instanceof ConnectFailure) {
    return { stage: 'not_sent', code: error.code, message, ...(error.permanent && { permanent: true }) };
  }
  if (INVALID.has(error.code ?? '')) {
    return { stage: 'not_sent', code: 'invalid_request', message, permanent: true };
  }
  return { stage: 'not_sent', code: BY_CODE.get(error.code ?? '') ?? 'connect_failed', message };
}

/** undici reports an answer that nobody may send unasked (100, 101) as a socket error, known by its message. */
function lostOrBad(error: Error & { code?: string }): Pick<Failed, 'code' | 'message'> {
  if (error.code === 'ERR_ASSERTION') return { code: 'bad_answer', message: NOT_HTTP };
  const message = messageOf(error);
  if (error instanceof AnswerTooLarge) return { code: 'answer_too_large', message };
  const known = BY_CODE.get(error.code ?? '');
  if (known !== undefined) return { code: known, message };
  const bad = error instanceof errors.HTTPParserError || /^bad (?:response|upgrade)$/.test(error.message);
  return { code: bad ? 'bad_answer' : 'connection_lost', message };
}
