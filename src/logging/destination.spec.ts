import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fileOutput, streamOutput } from './destination.js';

const eio = Object.assign(new Error('write EIO'), { code: 'EIO' });
const file = join(tmpdir(), `task-runner-log-${process.pid}`);
afterEach(() => {
  rmSync(file, { force: true });
});

/** A stream, and what was written to it, call by call. */
function recorder() {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  return { stream, written };
}

describe('a terminal or pipe as destination', () => {
  it('gets the lines of one turn together, in order', async () => {
    const { stream, written } = recorder();
    const output = streamOutput(stream);
    for (const line of ['a\n', 'b\n', 'c\n']) output.write(line);
    expect(written).toEqual([]);
    await nextTurn();
    output.write('d\n');
    await nextTurn();
    await nextTurn();
    expect(written).toEqual(['a\nb\nc\n', 'd\n']);
  });

  it('gets them at once when it is told to flush, and not again', async () => {
    const { stream, written } = recorder();
    const output = streamOutput(stream);
    output.write('a\n');
    output.flushSync();
    expect(written).toEqual(['a\n']);
    await nextTurn();
    expect(written).toEqual(['a\n']);
  });

  it('gets a fatal line of pino at once, with what was written before it', () => {
    const { stream, written } = recorder();
    const logger = pino({}, streamOutput(stream));
    logger.info('before');
    logger.fatal('the end');
    expect(written.join('')).toMatch(/before.*\n.*the end/);
  });

  it('gets many lines of one turn in pieces', () => {
    const { stream, written } = recorder();
    const output = streamOutput(stream);
    for (let n = 0; n < 100; n++) output.write('x'.repeat(10_000));
    expect(written.length).toBeGreaterThan(10);
    expect(written.join('').length).toBeGreaterThan(900_000);
  });

  it('that has gone ends nothing, and is left alone from then on', async () => {
    const write = vi.fn((_chunk: unknown, _encoding: unknown, done: (error: Error) => void) => {
      done(eio);
    });
    const stream = new Writable({ write });
    const output = streamOutput(stream);
    output.write('first\n');
    await vi.waitUntil(() => stream.destroyed);
    for (let n = 0; n < 1000; n++) {
      output.write('later\n');
      output.flushSync();
    }
    expect(write).toHaveBeenCalledTimes(1);
  });

  it('that nobody reads does not fill the memory', () => {
    const stream = new Writable({ write: () => undefined });
    const output = streamOutput(stream);
    const line = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 100; n++) output.write(line);
    expect(stream.writableLength).toBeLessThanOrEqual(17 * 1024 * 1024);
  });

  it('is listened to once, however often it is asked for', () => {
    const stream = new Writable({ write: () => undefined });
    for (let n = 0; n < 20; n++) streamOutput(stream);
    expect(stream.listenerCount('error')).toBe(1);
  });
});

describe('a file as destination', () => {
  it('has a line at the end of the turn', async () => {
    const descriptor = openSync(file, 'w');
    fileOutput(descriptor).write('now\n');
    await nextTurn();
    expect(readFileSync(file, 'utf8')).toBe('now\n');
    closeSync(descriptor);
  });

  it('that takes no more ends nothing', () => {
    const descriptor = openSync(file, 'w');
    closeSync(descriptor);
    const output = fileOutput(descriptor);
    output.write('lost\n');
    expect(output.flushSync).not.toThrow();
  });
});
