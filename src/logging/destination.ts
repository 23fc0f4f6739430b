import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/** What takes finished lines. Writing never throws and never waits: a log that cannot be written is no outage. */
export interface Destination {
  write(line: string): void;
}

type Output = Pick<Writable, 'write' | 'on' | 'off' | 'destroyed' | 'writableLength'>;

/** Lines that a reader has not taken yet, in bytes; a reader that hangs must not fill the memory. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024;

const STDOUT = 1;

/**
 * Standard output for the log. pino's own destination tries again for ever when the terminal has gone (EIO), and so
 * holds the process; and it waits for a pipe that nobody reads.
 */
export function standardOutput(): Destination {
  process.stderr.off('error', ignore).on('error', ignore);
  return fstatSync(STDOUT).isFile() ? fileOutput(STDOUT) : streamOutput(process.stdout);
}

/** A terminal or a pipe: what is written after its other end has gone is dropped, and so is what runs far ahead of it. */
export function streamOutput(stream: Output): Destination {
  stream.off('error', ignore).on('error', ignore);
  return {
    write: (line) => {
      if (!stream.destroyed && stream.writableLength < MAX_BEHIND_BYTES) stream.write(line);
    },
  };
}

/** A file: a line that does not fit on the disk is dropped, and the log goes on when there is room again. */
export function fileOutput(descriptor: number): Destination {
  return {
    write: (line) => {
      try {
        writeSync(descriptor, line);
      } catch {
        // There is nowhere left to say it.
      }
    },
  };
}

function ignore(): void {
  // Nobody is listening any more; the work goes on.
}
