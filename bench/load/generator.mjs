// Enqueues tasks, a process of its own: as many as the bounds allow, or so many per second.
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../lib/ops.mjs';
import { EnqueueConnection } from './enqueue-connection.mjs';

/**
 * @typedef {object} Load
 * @property {string} origin of the system under test
 * @property {string} target URL that the tasks call
 * @property {string} clientId
 * @property {number} [clients] so many different ones, by connection
 * @property {string} queue
 * @property {number} bodyBytes
 * @property {number} connections
 * @property {number} [window] most tasks that are enqueued and not delivered
 * @property {number} [perSecond] at this rate, whatever comes back
 * @property {number} [total] ends by itself after so many
 */

class Run {
  #connections;
  #delivered = 0;
  #deliveredBefore;
  #stopped = false;
  sent = 0;
  accepted = 0;
  refused = 0;
  /** What the first refusal said. */
  refusal;

  /** @param {Load} load @param {number} deliveredBefore */
  constructor(load, deliveredBefore) {
    this.load = { window: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY, ...load };
    this.#deliveredBefore = deliveredBefore;
    const open = (clientId) =>
      new EnqueueConnection({ ...this.load, clientId }, (status, text) => this.#answered(status, text));
    this.#connections = Array.from({ length: load.connections }, (_, n) => open(clientOf(load, n)));
    if (load.perSecond) void this.#pace(load.perSecond);
    else this.#fill();
  }

  delivered(total) {
    this.#delivered = total - this.#deliveredBefore;
    if (!this.load.perSecond) this.#fill();
  }

  get done() {
    return this.accepted + this.refused >= this.load.total;
  }

  stop() {
    this.#stopped = true;
    for (const connection of this.#connections) connection.close();
  }

  get #mayEnqueue() {
    const { total, window } = this.load;
    return !this.#stopped && this.sent < total && this.sent - this.#delivered < window;
  }

  #answered(status, text) {
    if (status === 202) this.accepted++;
    else {
      this.refused++;
      this.refusal ??= `${status} ${text}`;
    }
    if (!this.load.perSecond) this.#fill();
  }

  #fill() {
    for (const connection of this.#connections) {
      if (!this.#mayEnqueue) return;
      if (connection.idle) this.#enqueue(connection);
    }
  }

  #enqueue(connection) {
    this.sent++;
    connection.enqueue();
  }

  /** Even steps as far as timers go, which are a millisecond apart; what a late one missed, or no connection had time for, is made up for at once. */
  async #pace(perSecond) {
    const began = performance.now();
    for (let n = 0; this.#mayEnqueue;) {
      const due = 1 + Math.floor(((performance.now() - began) * perSecond) / 1000);
      while (n < due && this.#mayEnqueue && this.#enqueueOne()) n++;
      await sleep(began + (n * 1000) / perSecond - performance.now());
    }
  }

  /** @returns whether a connection had time for it */
  #enqueueOne() {
    const idle = this.#connections.find((connection) => connection.idle);
    if (idle) this.#enqueue(idle);
    return idle !== undefined;
  }
}

/** @param {Load} load @param {number} nth */
function clientOf({ clientId, clients }, nth) {
  return clients ? `${clientId}-${nth % clients}` : clientId;
}

let run;
let delivered = 0;

process.on('message', (message) => {
  if (message.delivered === undefined) return;
  delivered = message.delivered;
  run?.delivered(delivered);
});

serve({
  start: (load) => {
    run = new Run(load, delivered);
  },
  stop: () => run?.stop(),
  state: () => {
    const { sent, accepted, refused, refusal, done } = run;
    return { sent, accepted, refused, refusal, done };
  },
});
