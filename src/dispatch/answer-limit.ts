import type { Socket } from 'node:net';

/** At most this much of the headers of an answer is read; undici counts their names and values. */
export const MAX_HEADER_BYTES = 16 * 1024;
/** At most this much of an answer's body is read, then the connection is destroyed. */
export const MAX_READ_BYTES = 64 * 1024;

/**
 * More than this does not come in on the connection for an answer that is read: a body of chunks of one byte is six times as
 * long as the body, and before it are the headers, and perhaps other answers (1xx).
 */
const MAX_RAW_BYTES = 8 * MAX_READ_BYTES;

/** More came than any answer needs that is read at all, and it has no end yet. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';

  constructor() {
    super(`Over ${MAX_RAW_BYTES / 1024} KiB came, and no end of the answer`);
  }
}

/**
 * Ends the connection when more than `MAX_RAW_BYTES` come in and nothing was written meanwhile: a request is written in one
 * go, and the next one when it is answered, so all of it is one answer. At most twice as much can have come by then,
 * because it is not counted anew with every request, which would cost each of them. The limits on headers and body do not
 * see what the parser reads over and hands to nobody: a status line, the length of a chunk, its extension.
 *
 * @param socket a connection that carries one request at a time, before undici listens to it
 */
export function limitAnswers(socket: Socket): void {
  let read = socket.bytesRead;
  let written = socket.bytesWritten;
  socket.on('readable', () => {
    if (socket.bytesRead - read <= MAX_RAW_BYTES) return;
    if (socket.bytesWritten === written) socket.destroy(new AnswerTooLarge());
    read = socket.bytesRead;
    written = socket.bytesWritten;
  });
}
