import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HistoryMetric } from '../../metrics/history-metric.js';
import { HISTORY_KEY } from '../../redis/keys.js';
import { RedisConnections } from '../../redis/redis-connections.js';
import { LANES } from '../../task/lane.js';

/** Tells the metrics how large the completed history is, each time they are asked. */
@Injectable()
export class HistoryGauge implements OnModuleInit {
  constructor(
    private readonly connections: RedisConnections,
    private readonly metric: HistoryMetric,
  ) {}

  onModuleInit(): void {
    this.metric.measureWith(async () => {
      const history = await this.connections.producer.hgetall(HISTORY_KEY);
      return LANES.map((priority) => ({
        priority,
        bytes: Number(history[priority] ?? 0),
        evicted: Number(history[`evicted:${priority}`] ?? 0),
      }));
    });
  }
}
