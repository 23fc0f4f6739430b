import { Dispatcher } from 'undici';
import type { AbortHandle } from '../queue/abort-handle.js';
import { MAX_READ_BYTES } from './answer-limit.js';
import { BodyCapture, hasNoBody, LazyAnswer } from './answer.js';
import { describeFailure } from './describe-failure.js';
import type { Failed, OutgoingRequest, Reply, Timings } from './http-sender.js';

/** RFC 9110 15.2 lets a server send any number of 1xx; nobody sane sends more. */
const MAX_INFORMATIONAL = 20;
/** Beyond this setTimeout fires at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * One request and its answer: turns undici's callbacks, the deadline and the caller's abort, whichever comes
 * first, into exactly one {@link Reply}; what comes later is ignored, and the connection dropped if it still runs.
 *
 * undici calls `onRequestStart` in the same turn in which it writes to the socket and never before. That call
 * is therefore the line between `not_sent` and `ambiguous`.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly reply: Promise<Reply>;
  readonly #startedAt = performance.now();
  readonly #body: BodyCapture;
  readonly #timer: NodeJS.Timeout;
  #resolve: ((reply: Reply) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #connectMs: number | undefined;
  #firstByteMs: number | undefined;
  /** Of the final answer, once its head has come. */
  #status: number | undefined;
  #rawHeaders: readonly (Buffer | string)[] = [];
  #informational = 0;

  constructor(
    private readonly request: OutgoingRequest,
    private readonly abort: AbortHandle,
    captureBytes: number,
  ) {
    this.#body = new BodyCapture(captureBytes, MAX_READ_BYTES);
    this.reply = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setTimeout(
      () => {
        this.#giveUp('timeout', `No complete answer within ${request.timeoutMs} ms`);
      },
      Math.min(request.timeoutMs, MAX_DELAY_MS),
    );
    abort.onAbort(this.#onAbort);
    if (abort.aborted) this.#onAbort();
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
    this.#connectMs = this.#elapsed();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.#firstByteMs ??= this.#elapsed();
    if (status < 200) {
      this.#countInformational();
      return;
    }
    const { rawHeaders } = controller;
    this.#status = status;
    if (Array.isArray(rawHeaders)) this.#rawHeaders = rawHeaders;
    // Not left to the end of the message: undici misses bytes when a 304 announces the length of what it omits.
    if (hasNoBody(this.request.method, status)) this.#answer(status);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled || this.#status === undefined) return;
    this.#body.add(chunk);
    if (!this.#body.full) return;
    this.#answer(this.#status);
    this.#drop();
  }

  onResponseEnd(): void {
    if (this.#status !== undefined) this.#answer(this.#status);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(describeFailure(error, this.#controller !== undefined));
  }

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

  #answer(status: number): void {
    this.#settle(new LazyAnswer(status, this.#rawHeaders, this.#body, this.#timings()));
  }

  #fail(failure: Omit<Failed, 'kind' | 'status' | 'timings'>): void {
    this.#settle({ kind: 'failed', ...failure, status: this.#status, timings: this.#timings() });
  }

  #settle(reply: Reply): void {
    if (this.#resolve === undefined) return;
    const resolve = this.#resolve;
    this.#resolve = undefined;
    clearTimeout(this.#timer);
    this.abort.onAbort(undefined);
    resolve(reply);
  }

  #timings(): Timings {
    return { connectMs: this.#connectMs, firstByteMs: this.#firstByteMs, totalMs: this.#elapsed() };
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt;
  }
}
