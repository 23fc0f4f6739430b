import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Queue } from 'bullmq';
import { DepthMetric } from '../metrics/depth-metric.js';
import { LANES } from '../task/lane.js';
import { LANE_QUEUE_TOKENS } from './lane-queues.js';

const STATES = ['wait', 'active', 'delayed', 'completed', 'failed'] as const;

/** Tells the metrics how deep the lanes are, each time they are asked. */
@Injectable()
export class DepthGauge implements OnModuleInit {
  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    private readonly metric: DepthMetric,
  ) {}

  onModuleInit(): void {
    const queues = LANE_QUEUE_TOKENS.map((token) => this.modules.get<Queue>(token, { strict: false }));
    // Without a listener an error of one would end the process; what is wrong with Redis is logged elsewhere.
    for (const queue of queues) queue.on('error', () => undefined);
    this.metric.measureWith(async () => {
      const counts = await Promise.all(queues.map((queue) => queue.getJobCounts(...STATES)));
      return LANES.flatMap((priority, at) =>
        STATES.map((state) => ({ priority, state, tasks: counts[at]?.[state] ?? 0 })),
      );
    });
  }
}
