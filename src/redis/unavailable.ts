import { NotDurable } from './writer.js';

const CONNECTION =
  /Stream isn't writeable|Connection is closed|Command timed out|no answer within|max retries per request|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN/;
/** Answers of a Redis that is there but will not take the write now. */
const REFUSAL =
  /^(ERR WAIT cannot be used with replica|LOADING|READONLY|MASTERDOWN|NOREPLICAS|OOM|BUSY|TRYAGAIN|CLUSTERDOWN|MISCONF|UNBLOCKED)/;

/** Rights that were taken away, in the words of Redis, and of its scripts before 7.2; or a server that is another one now. */
const REFUSED_RIGHT = /NOPERM|NOAUTH|WRONGPASS|executing the script can't (run|access)|^ERR unknown command/;

const KNOWN = [CONNECTION, REFUSAL, REFUSED_RIGHT];

/** Whether an error says "Redis cannot do this now", so that trying again later is the right advice. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof NotDurable || KNOWN.some((words) => words.test(error.message));
}

/** Whether Redis refused a write because it is full. Nothing was written. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('OOM');
}
