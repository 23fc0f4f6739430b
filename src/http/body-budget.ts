import { Transform } from 'node:stream';
import { getHeapStatistics } from 'node:v8';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from './problem.js';

/** As long as nearly every body is shorter; of these there are at most as many as connections. */
const SMALL_BYTES = 64 * 1024;
const RETRY_AFTER_SEC = 1;

/** Of the heap, measured: what the process itself takes at saturation, and what a body takes while it is read and stored. */
const OWN_HEAP_BYTES = 90 * 1024 * 1024;
const TIMES_IN_HEAP = 6;

/**
 * How many bytes of bodies there may be: as many as was said, but not more than the heap has room for, or the process ends
 * when it is full.
 *
 * @param largestBytes of the largest body, which must always have room
 */
export function bodyBudget(mostBytes: number, largestBytes: number, heapBytes: number): number {
  const room = Math.floor((heapBytes - OWN_HEAP_BYTES) / TIMES_IN_HEAP);
  return Math.max(largestBytes, Math.min(mostBytes, room));
}

/**
 * What the heap of this process may have. Node takes half of the memory of a container, and 259 MiB of one with less than
 * 512 MiB, which leaves too little for what is not on the heap.
 */
export function heapLimit(): number {
  return Math.min(getHeapStatistics().heap_size_limit, (process.constrainedMemory() || Infinity) / 2);
}

/**
 * Bounds what is in memory of the larger bodies at a time: those that come in and those whose request is worked on. What
 * comes beyond it is refused. Counted is what has come, so that nobody takes up room by announcing a body.
 *
 * @param mostBytes at least as many as the largest body may have
 */
export function boundBodies(server: FastifyInstance, mostBytes: number): void {
  let held = 0;
  server.addHook('preParsing', (request, reply, payload, done) => {
    if (!isLarge(request)) {
      done(null, payload);
      return;
    }
    let own = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        own += chunk.length;
        held += chunk.length;
        // What still comes of it is read and thrown away.
        next(held > mostBytes ? noRoom() : null, chunk);
      },
    });
    reply.raw.once('close', () => (held -= own));
    payload.once('error', (error) => counted.destroy(error));
    done(null, payload.pipe(counted));
  });
}

function isLarge({ headers }: FastifyRequest): boolean {
  const length = headers['content-length'];
  return length === undefined ? headers['transfer-encoding'] !== undefined : Number(length) > SMALL_BYTES;
}

function noRoom(): ProblemError {
  return new ProblemError({
    status: 503,
    code: 'server_busy',
    detail:
      'As many bytes of large requests are in memory as may be (MAX_BODIES_BYTES). Send the request again later.',
    headers: { 'retry-after': String(RETRY_AFTER_SEC) },
  });
}
