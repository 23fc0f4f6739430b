import { type Logger, pino } from 'pino';

/** What pino keeps of a logger, as far as a line is made of it. */
interface Kept {
  readonly [pino.symbols.lsCacheSym]: Readonly<Record<number, string>>;
  readonly [pino.symbols.chindingsSym]: string;
  [pino.symbols.asJsonSym]: (fields: object, message: string, level: number, time: string) => string;
}

/** Plain values, and nothing that is secret: lines of these are not searched for it. */
export type WideFields = Readonly<Record<string, string | number | boolean | undefined>>;

type Write = (fields: WideFields, message: 'request' | 'attempt') => void;

/** Writes lines of some level. */
export type WideLines = Readonly<Record<'debug' | 'info' | 'warn' | 'error', Write>>;

/**
 * A logger for the wide lines of requests and attempts, whose fields are named in one place each: V8 writes them in one go.
 * pino writes them one by one and escapes their names each time, which took a twelfth of a busy worker's time.
 */
export function wideLines(logger: Logger, context: string): WideLines {
  const lines = logger.child({ context });
  const kept = lines as unknown as Kept;
  const { [pino.symbols.lsCacheSym]: levels, [pino.symbols.chindingsSym]: bindings } = kept;
  kept[pino.symbols.asJsonSym] = (fields, message, level, time) =>
    `${levels[level]}${time}${bindings},${JSON.stringify(fields).slice(1, -1)},"msg":"${message}"}\n`;
  return lines;
}
