import type { Answered, Timings } from './http-sender.js';

/** Collects the head of a body and tells when enough of it was read. */
export class BodyCapture {
  readonly #chunks: Buffer[] = [];
  #captured = 0;
  #read = 0;

  /**
   * @param captureBytes how much to keep
   * @param readBytes how much to read at most, kept or not
   */
  constructor(
    private readonly captureBytes: number,
    private readonly readBytes: number,
  ) {}

  add(chunk: Buffer): void {
    this.#read += chunk.length;
    const room = this.captureBytes - this.#captured;
    if (room <= 0) return;
    const kept = chunk.subarray(0, room);
    this.#chunks.push(kept);
    this.#captured += kept.length;
  }

  get full(): boolean {
    return this.#read >= this.readBytes;
  }

  /** A copy: the chunks are windows into the much larger buffers of the socket. */
  toBuffer(): Buffer {
    return Buffer.concat(this.#chunks, this.#captured);
  }
}

/** Reads its headers and copies its body when somebody asks: of a success nobody does. */
export class LazyAnswer implements Answered {
  readonly kind = 'answered';
  #headers: Answered['headers'] | undefined;
  #body: Buffer | undefined;

  constructor(
    readonly status: number,
    private readonly rawHeaders: readonly (Buffer | string)[],
    private readonly captured: BodyCapture,
    readonly timings: Timings,
  ) {}

  get headers(): Answered['headers'] {
    return (this.#headers ??= firstValues(this.rawHeaders));
  }

  get body(): Buffer {
    return (this.#body ??= this.captured.toBuffer());
  }
}

/** Raw names and values in turn → lower-case names without a prototype, the first value of each. */
export function firstValues(raw: readonly (Buffer | string)[]): Readonly<Record<string, string>> {
  const headers = Object.create(null) as Record<string, string>;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = latin1(raw[at]).toLowerCase();
    headers[name] ??= latin1(raw[at + 1]);
  }
  return headers;
}

function latin1(text: Buffer | string | undefined): string {
  return typeof text === 'string' ? text : (text?.toString('latin1') ?? '');
}

/** RFC 9112 6.3: to these no body belongs, whatever their headers announce. */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}
