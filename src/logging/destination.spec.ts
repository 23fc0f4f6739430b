import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fileOutput, streamOutput } from './destination.js';

const eio = Object.assign(new Error('write EIO'), { code: 'EIO' });
const file = join(tmpdir(), `task-runner-log-${process.pid}`);
afterEach(() => {
  rmSync(file, { force: true });
});

describe('a terminal or pipe as destination', () => {
  it('gets every line in order', () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const output = streamOutput(stream);
    for (const line of ['a\n', 'b\n', 'c\n']) output.write(line);
    expect(lines).toEqual(['a\n', 'b\n', 'c\n']);
  });

  it('that has gone ends nothing, and is left alone from then on', async () => {
    const write = vi.fn((_chunk: unknown, _encoding: unknown, done: (error: Error) => void) => {
      done(eio);
    });
    const stream = new Writable({ write });
    const output = streamOutput(stream);
    output.write('first\n');
    await vi.waitUntil(() => stream.destroyed);
    for (let n = 0; n < 1000; n++) output.write('later\n');
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
  it('has a line as soon as it is written', () => {
    const descriptor = openSync(file, 'w');
    fileOutput(descriptor).write('now\n');
    expect(readFileSync(file, 'utf8')).toBe('now\n');
    closeSync(descriptor);
  });

  it('that takes no more ends nothing', () => {
    const descriptor = openSync(file, 'w');
    closeSync(descriptor);
    expect(() => {
      fileOutput(descriptor).write('lost\n');
    }).not.toThrow();
  });
});
