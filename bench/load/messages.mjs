const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding:/i;
const NOTHING = Buffer.alloc(0);

/**
 * Cuts what comes in on a connection into HTTP messages. Only what the benchmark needs: every body has a
 * content-length. Node's own server and client would cost more than the product that is measured with them.
 */
export class Messages {
  #rest = NOTHING;

  /**
   * @param {Buffer} chunk
   * @returns {{ head: string, body: Buffer }[]} the messages that are complete now
   * @throws {Error} when a body has no length
   */
  push(chunk) {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages = [];
    let at = 0;
    for (;;) {
      const message = next(data, at);
      if (!message) break;
      messages.push(message);
      at = message.end;
    }
    this.#rest = data.subarray(at);
    return messages;
  }
}

function next(data, at) {
  const headEnd = data.indexOf(HEAD_END, at);
  if (headEnd < 0) return undefined;
  const head = data.latin1Slice(at, headEnd);
  if (CHUNKED.test(head)) throw new Error(`a body without a length: ${head}`);
  const start = headEnd + HEAD_END.length;
  const end = start + Number(LENGTH.exec(head)?.[1] ?? 0);
  return end > data.length ? undefined : { head, body: data.subarray(start, end), end };
}
