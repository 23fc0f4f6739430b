import { Injectable } from '@nestjs/common';
import type { AuditLine } from '../audit/audit-line.js';
import { Config } from '../config/config.js';
import { mappingRules, readTypeMappings } from '../config/task-type-settings.js';
import { INCLUDES } from '../queue/scripts.js';
import { TaskCipher } from '../queue/task-cipher.js';
import { QueueUnavailable } from '../queue/task-queue.js';
import { whenAvailable } from '../queue/when-available.js';
import { PREFIX, TASK_TYPES_KEY } from '../redis/keys.js';
import { LuaScript } from '../redis/lua-script.js';
import { RedisConnections } from '../redis/redis-connections.js';
import type { MappingRules } from '../task-types/read-mapping.js';
import { TASK_TYPES } from '../task-types/task-types.js';
import type { KnownType, TypeMapping } from '../task-types/type-mapping.js';

const MOST = 1000;

/** A repeat of it would be refused. */
const keepMapping = new LuaScript(new URL('lua/keep-mapping.lua', import.meta.url), {
  elsewhere: INCLUDES,
  isAnsweredOnce: true,
});

/** What a type is mapped to. */
export interface NamedMapping extends TypeMapping {
  readonly type: string;
  /** Where that was said: in the configuration, or by an admin, which counts. */
  readonly source: 'config' | 'admin';
}

export class TooManyMappings extends Error {}

/** What is kept of one: its headers may hold credentials, and are stored encrypted where tasks are. */
type StoredMapping = Omit<TypeMapping, 'headers'> & { readonly headers: string };

/** The types that are mapped to URLs: by the configuration, and by admins, in Redis. */
@Injectable()
export class TypeMappings {
  private readonly configured: ReadonlyMap<string, TypeMapping>;
  private readonly cipher: TaskCipher;
  private readonly auditEntries: number;
  /** What a mapping is held to. */
  readonly rules: MappingRules;

  constructor(
    config: Config,
    private readonly connections: RedisConnections,
  ) {
    this.rules = mappingRules(config);
    this.configured = readTypeMappings(config).mappings;
    this.cipher = new TaskCipher(config);
    this.auditEntries = config.admin.auditMaxEntries;
  }

  /**
   * What is known of the type that a request names, as the store has it now.
   *
   * @throws QueueUnavailable
   */
  async know(type: string | null | undefined): Promise<KnownType> {
    if (type === undefined || type === null || TASK_TYPES.has(type)) return NOTHING_MORE;
    const mapping = await this.find(type);
    return mapping ? { mapping, names: [] } : { names: await this.names() };
  }

  /** @throws QueueUnavailable */
  async find(type: string): Promise<NamedMapping | undefined> {
    const text = await whenAvailable(() => this.connections.producer.hget(TASK_TYPES_KEY, type));
    return this.named(type, text);
  }

  /**
   * In the order of their names.
   *
   * @throws QueueUnavailable
   */
  async all(): Promise<readonly NamedMapping[]> {
    const stored = await whenAvailable(() => this.connections.producer.hgetall(TASK_TYPES_KEY));
    const types = new Set([...this.configured.keys(), ...Object.keys(stored)]);
    return [...types].toSorted().flatMap((type) => this.named(type, stored[type]) ?? []);
  }

  /**
   * Maps a type, or maps it no more; what the configuration says of it then counts again.
   *
   * @param change is asked again when somebody else was quicker; what it throws is thrown, and nothing is changed
   * @throws TooManyMappings, QueueUnavailable
   */
  async change(
    type: string,
    change: (current: NamedMapping | undefined) => TypeMapping | undefined,
    line: AuditLine,
  ): Promise<NamedMapping | undefined> {
    for (;;) {
      const text = await whenAvailable(() => this.connections.producer.hget(TASK_TYPES_KEY, type));
      const current = this.named(type, text);
      const mapping = change(current);
      const after = mapping ? this.stored(type, mapping) : '';
      const audited = line(current && told(current), mapping && told(mapping));
      if (await this.keep([type, text ?? '', after, MOST, audited])) {
        return mapping && { ...mapping, type, source: 'admin' };
      }
    }
  }

  /** @returns whether it was done; not, when somebody else was quicker */
  private async keep(args: readonly (string | number)[]): Promise<boolean> {
    const kept = await whenAvailable(() =>
      this.connections.write((redis) => keepMapping.run(redis, PREFIX, [...args, this.auditEntries])),
    );
    if (kept === 'too_many') throw new TooManyMappings();
    return kept === 'kept';
  }

  private async names(): Promise<readonly string[]> {
    const mapped = (await this.all()).map(({ type }) => type);
    return [...TASK_TYPES.keys(), ...mapped].toSorted();
  }

  private named(type: string, text: string | null | undefined): NamedMapping | undefined {
    if (typeof text === 'string') return { ...this.read(type, text), type, source: 'admin' };
    const mapping = this.configured.get(type);
    return mapping && { ...mapping, type, source: 'config' };
  }

  private read(type: string, text: string): TypeMapping {
    const { headers, ...mapping } = JSON.parse(text) as StoredMapping;
    const opened = this.cipher.openText(headers, sealedAs(type));
    if (opened !== undefined) return { ...mapping, headers: JSON.parse(opened) as TypeMapping['headers'] };
    throw new QueueUnavailable(
      new Error(`the headers of task type ${type} are stored encrypted, and no key opens them`),
    );
  }

  private stored(type: string, { headers, ...mapping }: TypeMapping): string {
    const sealed = this.cipher.sealText(JSON.stringify(headers), sealedAs(type));
    return JSON.stringify({ ...mapping, headers: sealed } satisfies StoredMapping);
  }
}

const NOTHING_MORE: KnownType = { names: [] };

const sealedAs = (type: string): string => `task-type ${type}`;

/** Of headers the names: values are secrets. */
function told({ url, method, headers, timeoutMs, payload }: TypeMapping): object {
  return {
    url,
    method,
    headers: Object.keys(headers),
    ...(timeoutMs !== undefined && { timeout: timeoutMs / 1000 }),
    ...(payload && { payload_schema: payload }),
  };
}
