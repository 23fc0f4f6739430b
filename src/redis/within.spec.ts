import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { closeAfterTest } from '../../test/support/loopback.js';
import { within } from './within.js';

it('gives what comes in time, and the fault of the work', async () => {
  expect(await within(10_000, Promise.resolve(1))).toBe(1);
  await expect(within(10_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

it('does not wait for longer', async () => {
  await expect(within(10, new Promise(() => undefined))).rejects.toThrow('no answer within 10 ms');
});

it('takes what came in time while the process was held up', async () => {
  const server = createServer((socket) => socket.write('answer'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closeAfterTest(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  closeAfterTest(() => void socket.destroy());
  await once(socket, 'connect');
  const answer = within(50, once(socket, 'data').then(String));
  // The server is part of this process, and has written when its turn ends.
  await new Promise(setImmediate);
  const until = performance.now() + 100;
  while (performance.now() < until);
  expect(await answer).toBe('answer');
});
