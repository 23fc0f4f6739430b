// Asks a Redis server who it is, without a client library: this runs before anything is installed.
import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 250;

/**
 * @param {number} port on 127.0.0.1
 * @param {string} password hexadecimal
 * @returns {Promise<{ pid: number, loading: boolean } | undefined>} undefined when nobody answers there, or
 *   somebody who does not accept the password. `loading` is true while Redis still reads its data.
 */
export function probeRedis(port, password) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: PROBE_TIMEOUT_MS });
    let reply = '';
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`AUTH ${password}\r\nINFO server\r\nINFO persistence\r\n`));
    socket.on('data', (chunk) => {
      reply += chunk;
      if (reply.startsWith('-')) finish(undefined);
      const answer = parse(reply);
      if (answer) finish(answer);
    });
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => finish(undefined));
  });
}

function parse(reply) {
  const pid = /\nprocess_id:(\d+)\r/.exec(reply);
  const loading = /\nloading:([01])\r/.exec(reply);
  return pid && loading ? { pid: Number(pid[1]), loading: loading[1] === '1' } : undefined;
}
