import { Logger } from '@nestjs/common';
import { beforeEach, expect, it, vi } from 'vitest';
import { UnusableRedis } from './connect-fault.js';
import { ConnectionLog } from './connection-log.js';

let lines: unknown[];
let log: ConnectionLog;
beforeEach(() => {
  lines = [];
  const logger = new Logger('Redis');
  vi.spyOn(logger, 'warn').mockImplementation((line: unknown) => lines.push(line));
  vi.spyOn(logger, 'log').mockImplementation((line: unknown) => lines.push(line));
  log = new ConnectionLog(logger);
});

it('a fault is told once until the connection is ready again', () => {
  for (let n = 0; n < 3; n++) {
    log.fault('worker', new Error('refused'));
    log.fault('worker', new Error('timed out'));
  }
  log.fault('producer', new Error('refused'));
  log.ready('worker', 'a:1');
  log.fault('worker', new Error('refused'));
  expect(lines).toEqual([
    'worker connection: refused',
    'worker connection: timed out',
    'producer connection: refused',
    'worker connection to a:1 is ready',
    'worker connection: refused',
  ]);
});

it('a fault of Redis as it is set up is told once for all connections', () => {
  for (const name of ['worker', 'producer']) log.fault(name, new UnusableRedis('a replica', false));
  log.ready('worker', 'a:1');
  log.fault('worker', new UnusableRedis('a replica', false));
  expect(lines).toEqual(['a replica', 'worker connection to a:1 is ready', 'a replica']);
});

it('a connection that is opened again without a fault is told of only when it leads elsewhere', () => {
  for (const place of ['a:1', 'a:1', 'b:2']) log.ready('worker', place);
  expect(lines).toEqual(['worker connection to a:1 is ready', 'worker connection to b:2 is ready']);
});
