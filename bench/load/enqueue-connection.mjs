import { connect } from 'node:net';
import { Messages } from './messages.mjs';
import { nowUs, stamp, STAMP_LENGTH } from './stamp.mjs';

/** Enqueues one task at a time over a connection, which is opened when it is needed. */
export class EnqueueConnection {
  #socket;
  #address;
  #template;
  #onAnswer;
  idle = true;

  /**
   * @param {import('./generator.mjs').Load} load
   * @param {(status: number, text: string) => void} onAnswer with status 0 when none came
   */
  constructor(load, onAnswer) {
    const { hostname, port } = new URL(load.origin);
    this.#address = { host: hostname, port: Number(port), noDelay: true };
    this.#template = template(load);
    this.#onAnswer = onAnswer;
  }

  enqueue() {
    this.idle = false;
    this.#socket ??= this.#open();
    const { before, after } = this.#template;
    this.#socket.write(before + stamp(nowUs()) + after, 'latin1');
  }

  close() {
    this.#socket?.removeAllListeners('close').destroy();
  }

  #open() {
    const messages = new Messages();
    let fault = 'connection closed';
    return connect(this.#address)
      .on('data', (chunk) => {
        for (const { head, body } of messages.push(chunk)) {
          this.#answered(Number(head.slice(9, 12)), body.toString().slice(0, 300));
        }
      })
      .on('error', (error) => (fault = error.message))
      .on('close', () => {
        // A server may close what is not in use.
        this.#socket = undefined;
        if (!this.idle) this.#answered(0, fault);
      });
  }

  #answered(status, text) {
    this.idle = true;
    this.#onAnswer(status, text);
  }
}

/** The request, cut where the time goes. */
function template({ origin, target, clientId, queue, bodyBytes }) {
  const hole = '@'.repeat(STAMP_LENGTH);
  const content = hole + 'x'.repeat(Math.max(0, bodyBytes - STAMP_LENGTH));
  const task = { url: target, method: 'POST', headers: { 'content-type': 'text/plain' }, body: content };
  const body = JSON.stringify({ client_id: clientId, queue, task });
  const head = [
    'POST /v1/enqueue HTTP/1.1',
    `Host: ${new URL(origin).host}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ];
  const [before, after] = `${head.join('\r\n')}\r\n\r\n${body}`.split(hole);
  return { before, after };
}
