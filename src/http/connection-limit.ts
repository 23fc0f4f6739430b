import type { Server } from 'node:http';
import { Logger } from '@nestjs/common';

const LOG_INTERVAL_MS = 10_000;

/**
 * Takes at most so many connections at a time; one more is ended at once, without an answer: to say no costs what is to be
 * saved. A line in the log every ten seconds says how many were.
 */
export function limitConnections(server: Server, most: number, logger = new Logger('Http')): void {
  let refused = 0;
  let toldAt = -Infinity;
  server.maxConnections = most;
  server.on('drop', () => {
    refused++;
    const now = performance.now();
    if (now - toldAt < LOG_INTERVAL_MS) return;
    logger.warn(`${refused} connections refused: ${most} are open, as many as may be (MAX_CONNECTIONS)`);
    toldAt = now;
    refused = 0;
  });
}
