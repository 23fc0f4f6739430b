export interface EmbeddedRedis {
  /** `redis://:<password>@127.0.0.1:<port>` */
  readonly url: string;
  readonly password: string;
  readonly port: number;
  /** The pid of the Redis server. */
  readonly pid: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** Resolves when Redis has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Whether `stop` has been called. */
  readonly stopping: boolean;
  /** Ends Redis in an orderly way; safe to call again. */
  stop(): Promise<void>;
}

export interface StartRedisOptions {
  /** Where the data live. Without it: a temporary folder that `stop` removes. */
  dataDir?: string;
  /** True: every write is on disk before it is answered. False: nothing is kept. */
  appendOnly: boolean;
  /** Default: any free port. */
  port?: number;
  /** Hexadecimal. Default: random. */
  password?: string;
}

/** Starts a Redis server on 127.0.0.1 and waits until it serves. Throws an error that says what to do. */
export function startRedis(options: StartRedisOptions): Promise<EmbeddedRedis>;
