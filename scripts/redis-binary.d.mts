export interface RedisServer {
  /** Absolute path. */
  readonly command: string;
  readonly version: string;
  /** The `LD_LIBRARY_PATH` to run it with. */
  readonly libraryPath?: string;
}

export function findRedisServer(): RedisServer | undefined;
