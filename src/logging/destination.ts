import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * What takes finished lines. Writing never throws and never waits: a log that cannot be written is no outage. The lines
 * of one turn of the event loop go out together at its end, because a call of the system for each costs more than all
 * that makes the line.
 */
export interface Destination {
  write(line: string): void;
  /** Writes what is left of this turn now; pino does so after a fatal line. */
  readonly flushSync: () => void;
}

type Output = Pick<Writable, 'write' | 'on' | 'off' | 'destroyed' | 'writableLength'>;

/** Lines that a reader has not taken yet, in bytes; a reader that hangs must not fill the memory. */
const MAX_BEHIND_BYTES = 16 * 1024 * 1024;

/** More than this is not collected. */
const MAX_BATCH_CHARS = 64 * 1024;

const STDOUT = 1;

let standard: Destination | undefined;

/**
 * Standard output for the log. pino's own destination tries again for ever when the terminal has gone (EIO), and so
 * holds the process; and it waits for a pipe that nobody reads.
 */
export function standardOutput(): Destination {
  return (standard ??= openStandardOutput());
}

function openStandardOutput(): Destination {
  process.stderr.on('error', ignore);
  const output = fstatSync(STDOUT).isFile() ? fileOutput(STDOUT) : streamOutput(process.stdout);
  process.on('exit', output.flushSync);
  return output;
}

/** A terminal or a pipe: what is written after its other end has gone is dropped, and so is what runs far ahead of it. */
export function streamOutput(stream: Output): Destination {
  stream.off('error', ignore).on('error', ignore);
  return batched((lines) => {
    if (!stream.destroyed && stream.writableLength < MAX_BEHIND_BYTES) stream.write(lines);
  });
}

/** A file: lines that do not fit on the disk are dropped, and the log goes on when there is room again. */
export function fileOutput(descriptor: number): Destination {
  return batched((lines) => {
    try {
      writeSync(descriptor, lines);
    } catch {
      // There is nowhere left to say it.
    }
  });
}

function batched(write: (lines: string) => void): Destination {
  let lines = '';
  const flushSync = (): void => {
    const batch = lines;
    lines = '';
    if (batch !== '') write(batch);
  };
  return {
    flushSync,
    write: (line) => {
      if (lines === '') setImmediate(flushSync);
      lines += line;
      if (lines.length >= MAX_BATCH_CHARS) flushSync();
    },
  };
}

function ignore(): void {
  // Nobody is listening any more; the work goes on.
}
