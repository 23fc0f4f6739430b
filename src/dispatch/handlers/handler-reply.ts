import type { Failed, Timings } from '../http-sender.js';

/** A handler has returned. */
interface Returned {
  readonly kind: 'returned';
  /** JSON; nothing when there was nothing to keep. */
  readonly result?: string;
  readonly timings: Timings;
}

/** A handler has thrown. */
interface Threw {
  readonly kind: 'threw';
  readonly code: 'handler_failed';
  readonly message: string;
  readonly permanent: boolean;
  readonly timings: Timings;
}

/** What came of an attempt that a handler made; of one that was ended before it was done, as of a call. */
export type HandlerReply = Returned | Threw | Failed;
