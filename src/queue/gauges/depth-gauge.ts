import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { type Depth, DepthMetric } from '../../metrics/depth-metric.js';
import { LANES } from '../../task/lane.js';
import { LANE_QUEUES } from './lane-queues.js';

const STATES = ['wait', 'active', 'delayed', 'completed', 'failed'] as const;

/** Tells the metrics how deep the lanes are, each time they are asked. */
@Injectable()
export class DepthGauge implements OnModuleInit {
  constructor(
    @Inject(LANE_QUEUES) private readonly queues: readonly Queue[],
    private readonly metric: DepthMetric,
  ) {}

  onModuleInit(): void {
    this.metric.measureWith(() => this.count());
  }

  /** Tasks by lane, most urgent first, and by where BullMQ keeps them. */
  async count(): Promise<Depth[]> {
    const counts = await Promise.all(this.queues.map((queue) => queue.getJobCounts(...STATES)));
    return LANES.flatMap((priority, at) =>
      STATES.map((state) => ({ priority, state, tasks: counts[at]?.[state] ?? 0 })),
    );
  }
}
