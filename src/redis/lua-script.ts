import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Redis } from 'ioredis';
import { assemble } from './lua-text.js';

const AROUND = new URL('lua/answered-once.lua', import.meta.url);

/** By their digests: the names of all scripts. */
const names = new Map<string, string>();

/** The name of a script of the product by its digest; any other is one of BullMQ's. */
export function scriptNameOf(sha: string): string {
  return names.get(sha) ?? 'bullmq';
}

interface Options {
  /** Where else there are files to include, for those that are not beside the script. */
  readonly elsewhere?: URL;
  /**
   * Whether a call that is sent again, its reply was lost, is answered as the first time, without a second run. For
   * scripts that a repeat finds with nothing left to do, and that answer so.
   */
  readonly isAnsweredOnce?: boolean;
}

/** A Lua script of the product, run by its digest and sent only when Redis does not have it. */
export class LuaScript {
  private readonly text: string;
  private readonly sha: string;
  private readonly isAnsweredOnce: boolean;

  /** @param file the script; `--@include name` lines stand for `include/name.lua` beside it */
  constructor(file: URL, { elsewhere, isAnsweredOnce = false }: Options = {}) {
    const include = (name: string): string => {
      const beside = new URL(`include/${name}.lua`, file);
      const found = elsewhere && !existsSync(beside) ? new URL(`${name}.lua`, elsewhere) : beside;
      return readFileSync(found, 'utf8');
    };
    const text = assemble(readFileSync(file, 'utf8'), include);
    this.isAnsweredOnce = isAnsweredOnce;
    this.text = isAnsweredOnce ? readFileSync(AROUND, 'utf8').replace('--@script', () => text) : text;
    this.sha = createHash('sha1').update(this.text).digest('hex');
    names.set(this.sha, basename(file.pathname, '.lua'));
  }

  /** @param prefix KEYS[1]: the prefix of every key that the script may touch */
  async run(redis: Redis, prefix: string, args: readonly (string | number)[]): Promise<unknown> {
    const keys = this.isAnsweredOnce ? [prefix, `${prefix}done:${randomUUID()}`] : [prefix];
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.text, keys.length, ...keys, ...args);
    }
  }
}
