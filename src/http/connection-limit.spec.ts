import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { expect, it, vi } from 'vitest';
import { closeAfterTest } from '../../test/support/loopback.js';
import { limitConnections } from './connection-limit.js';

it('serves as many connections as it may, ends others, says how many, and takes new ones when there is room', async () => {
  const logger = new Logger();
  const warn = vi.spyOn(logger, 'warn').mockReturnValue();
  const server = createServer((_request, response) => response.end('ok'));
  limitConnections(server, 2, { logger, logIntervalMs: 1000 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAfterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = (): Socket =>
    connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  const isServed = async (socket: Socket): Promise<boolean> => {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  };

  const [one, two] = [open(), open()];
  expect(await Promise.all([isServed(one), isServed(two)])).toEqual([true, true]);
  expect([await isServed(open()), await isServed(open())]).toEqual([false, false]);
  expect(await isServed(one)).toBe(true);
  expect(warn).not.toHaveBeenCalled();
  await expect
    .poll(() => warn.mock.calls, { timeout: 5000 })
    .toEqual([[expect.stringMatching(/^2 connections refused: 2 .*MAX_CONNECTIONS/)]]);

  two.destroy();
  await expect
    .poll(
      () =>
        new Promise((resolve) =>
          server.getConnections((_, count) => {
            resolve(count);
          }),
        ),
    )
    .toBe(1);
  expect(await isServed(open())).toBe(true);
});
