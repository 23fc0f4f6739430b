import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

const INCLUDE = /^--@include (\S+)$/gm;

/** A Lua script of the product, run by its digest and sent only when Redis does not have it. */
export class LuaScript {
  private readonly text: string;
  private readonly sha: string;

  /**
   * @param file the script; `--@include name` lines are replaced by `include/name.lua` beside it
   * @param elsewhere where else there are such files, for those that are not beside it
   */
  constructor(file: URL, elsewhere?: URL) {
    const include = (_line: string, name: string): string => {
      const beside = new URL(`include/${name}.lua`, file);
      const found = elsewhere && !existsSync(beside) ? new URL(`${name}.lua`, elsewhere) : beside;
      return readFileSync(found, 'utf8');
    };
    this.text = readFileSync(file, 'utf8').replace(INCLUDE, include);
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }

  /** @param prefix KEYS[1]: the prefix of every key that the script may touch */
  async run(redis: Redis, prefix: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.sha, 1, prefix, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.eval(this.text, 1, prefix, ...args);
    }
  }
}
