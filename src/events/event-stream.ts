import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Config } from '../config/config.js';
import { EVENTS_KEY, PREFIX } from '../redis/keys.js';
import { LuaScript } from '../redis/lua-script.js';
import { RedisConnections } from '../redis/redis-connections.js';
import { type GapReason, type Happening, isAfter, NOWHERE, stored, type StoredEvent } from './event.js';

const publishEvents = new LuaScript(new URL('lua/publish-events.lua', import.meta.url));

/** One command holds Redis for some milliseconds at most. */
export const MOST_READ = 500;

/** Longer than this a shutdown would not wait for the answer. */
const BLOCK_MS = 1000;

type Entry = [id: string, fields: string[]];

/** The stream of events in Redis. */
@Injectable()
export class EventStream {
  private readonly bounds: readonly number[];

  constructor(
    { events }: Config,
    private readonly connections: RedisConnections,
  ) {
    this.bounds = [events.maxStored, Math.round(events.retentionSec * 1000)];
  }

  async append(happenings: readonly Happening[]): Promise<void> {
    const values = happenings.flatMap(({ kind, clientId = '', queue = '', data }) => {
      return [kind, clientId, queue, JSON.stringify(data)];
    });
    await this.publish(values);
  }

  /** For those who read past here. */
  async appendGap(reason: GapReason): Promise<void> {
    await this.publish(['gap', '', '', JSON.stringify({ reason })]);
  }

  /** The id of the newest event; `0-0` when there is none. */
  async lastId(): Promise<string> {
    const [entry] = await this.redis.xrevrange(EVENTS_KEY, '+', '-', 'COUNT', 1);
    return entry?.[0] ?? NOWHERE;
  }

  /** Whether events that came after this one are not there any more. */
  async isTrimmedAfter(id: string): Promise<boolean> {
    const [entry] = await this.redis.xrange(EVENTS_KEY, '-', '+', 'COUNT', 1);
    return !entry || isAfter(entry[0], id);
  }

  /** What came after an event, oldest first, a part of it; empty when there is no more. */
  async after(id: string): Promise<StoredEvent[]> {
    return readAll(await this.redis.xrange(EVENTS_KEY, `(${id}`, '+', 'COUNT', MOST_READ));
  }

  /** The same, but waits for up to a second for there to be something. */
  async next(id: string): Promise<StoredEvent[]> {
    const args = ['COUNT', MOST_READ, 'BLOCK', BLOCK_MS, 'STREAMS', EVENTS_KEY, id] as const;
    const [stream] = ((await this.connections.events.xread(...args)) ?? []) as [string, Entry[]][];
    return readAll(stream?.[1] ?? []);
  }

  /** Removes what is too old, which is due only as long as there is always something new. */
  async trim(now: number): Promise<void> {
    await this.redis.xtrim(EVENTS_KEY, 'MINID', '~', String(now - (this.bounds[1] ?? 0)));
  }

  private async publish(values: readonly string[]): Promise<void> {
    await publishEvents.run(this.redis, PREFIX, [...this.bounds, ...values]);
  }

  private get redis(): Redis {
    return this.connections.producer;
  }
}

function readAll(entries: readonly Entry[]): StoredEvent[] {
  return entries.map(([id, [, kind, , clientId = '', , queue = '', , data = '{}']]) => {
    return stored(id, { kind: kind as StoredEvent['kind'], clientId, queue }, data);
  });
}
