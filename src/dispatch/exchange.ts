import { setMaxListeners } from 'node:events';
import { Dispatcher } from 'undici';
import { BodyCapture, firstValues, hasNoBody } from './answer.js';
import { describeFailure } from './describe-failure.js';
import { Answered, Failed, OutgoingRequest, Reply, Timings } from './http-sender.js';

/** At most this much of an answer's body is read, then the connection is destroyed. */
export const MAX_READ_BYTES = 64 * 1024;
/** RFC 9110 15.2 lets a server send any number of 1xx; nobody sane sends more. */
const MAX_INFORMATIONAL = 20;
/** Beyond this setTimeout fires at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

type Ending = Omit<Answered, 'timings'> | Omit<Failed, 'timings'>;

/**
 * One request and its answer: turns undici's callbacks, the deadline and the caller's signal, whichever comes
 * first, into exactly one {@link Reply}; what comes later is ignored, and the connection dropped if it still runs.
 *
 * undici calls `onRequestStart` in the same turn in which it writes to the socket and never before. That call
 * is therefore the line between `not_sent` and `ambiguous`.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly reply: Promise<Reply>;
  readonly #startedAt = performance.now();
  readonly #timings: Omit<Timings, 'totalMs'> = {};
  readonly #body: BodyCapture;
  readonly #timer: NodeJS.Timeout;
  #resolve: ((reply: Reply) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #head: Pick<Answered, 'status' | 'headers'> | undefined;
  #informational = 0;

  constructor(
    private readonly request: OutgoingRequest,
    private readonly signal: AbortSignal,
    captureBytes: number,
  ) {
    this.#body = new BodyCapture(captureBytes, MAX_READ_BYTES);
    this.reply = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setTimeout(this.#onDeadline, Math.min(request.timeoutMs, MAX_DELAY_MS));
    // One signal may call off every attempt of a worker: many listeners are no leak.
    setMaxListeners(0, signal);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get settled(): boolean {
    return this.#resolve === undefined;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) {
      // Given up while waiting for a connection: nothing has been written yet, and nothing will be.
      controller.abort(new Error('given up'));
      return;
    }
    this.#controller = controller;
    this.#timings.connectMs = this.#elapsed();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.#timings.firstByteMs ??= this.#elapsed();
    if (status < 200) {
      this.#countInformational();
      return;
    }
    const { rawHeaders } = controller;
    this.#head = { status, headers: firstValues(Array.isArray(rawHeaders) ? rawHeaders : []) };
    // Not left to the end of the message: undici misses bytes when a 304 announces the length of what it omits.
    if (hasNoBody(this.request.method, status)) this.#answer(this.#head);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled || this.#head === undefined) return;
    this.#body.add(chunk);
    if (!this.#body.full) return;
    this.#answer(this.#head);
    this.#drop();
  }

  onResponseEnd(): void {
    if (this.#head !== undefined) this.#answer(this.#head);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(describeFailure(error, this.#controller !== undefined));
  }

  readonly #onDeadline = (): void => {
    this.#giveUp('timeout', `No complete answer within ${this.request.timeoutMs} ms`);
  };

  readonly #onAbort = (): void => {
    this.#giveUp('aborted', 'The attempt was called off');
  };

  #countInformational(): void {
    this.#informational += 1;
    if (this.#informational > MAX_INFORMATIONAL) this.#giveUp('bad_answer', 'Too many 1xx answers');
  }

  #giveUp(code: Failed['code'], message: string): void {
    this.#fail({ stage: this.#controller === undefined ? 'not_sent' : 'ambiguous', code, message });
    this.#drop();
  }

  #drop(): void {
    this.#controller?.abort(new Error('no longer needed'));
  }

  #answer(head: Pick<Answered, 'status' | 'headers'>): void {
    this.#settle({ kind: 'answered', ...head, body: this.#body.toBuffer() });
  }

  #fail(failure: Omit<Failed, 'kind' | 'timings'>): void {
    this.#settle({ kind: 'failed', ...failure });
  }

  #settle(ending: Ending): void {
    if (this.#resolve === undefined) return;
    const resolve = this.#resolve;
    this.#resolve = undefined;
    clearTimeout(this.#timer);
    this.signal.removeEventListener('abort', this.#onAbort);
    resolve({ ...ending, timings: { ...this.#timings, totalMs: this.#elapsed() } });
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt;
  }
}
