import type { Socket } from 'node:net';

/** At most this much of an answer's body is read, then the connection is destroyed. */
export const MAX_READ_BYTES = 64 * 1024;

/** At most this much of the headers of an answer is read; undici counts their names and values. */
export const MAX_HEADER_BYTES = 16 * 1024;

/**
 * At most this much of an answer comes in, counted on the connection: the headers, and eight times the body, because a
 * body of chunks of one byte is six times as long on the wire, and an answer may have others before it (1xx).
 */
const MAX_RAW_BYTES = MAX_HEADER_BYTES + 8 * MAX_READ_BYTES;

/** More came than any answer needs that is read at all, and it has no end yet. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';

  constructor() {
    super(`Over ${MAX_RAW_BYTES / 1024} KiB came, and no end of the answer`);
  }
}

/**
 * Ends the connection when an answer comes to more than `MAX_RAW_BYTES`. The limits on headers and body do not see what
 * the parser reads over and hands to nobody: a status line, the length of a chunk, its extension.
 *
 * A request is written in one go, and the next one only when it is answered. So what has come since the number of bytes
 * written last changed is one answer.
 *
 * @param socket a connection that carries one request at a time, before undici listens to it
 */
export function limitAnswers(socket: Socket): void {
  let written = socket.bytesWritten;
  let seen = socket.bytesRead;
  let before = seen;
  socket.on('readable', () => {
    if (socket.bytesWritten !== written) {
      written = socket.bytesWritten;
      before = seen;
    }
    seen = socket.bytesRead;
    if (seen - before > MAX_RAW_BYTES) socket.destroy(new AnswerTooLarge());
  });
}
