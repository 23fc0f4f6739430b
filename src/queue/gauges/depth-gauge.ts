import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { LANES } from '../../task/lane.js';
import { LANE_QUEUES } from './lane-queues.js';

const STATES = ['wait', 'active', 'delayed', 'completed', 'failed'] as const;

/** How many tasks a lane has where. */
export interface Depth {
  readonly priority: string;
  readonly state: (typeof STATES)[number];
  readonly tasks: number;
}

/** How deep the lanes are. */
@Injectable()
export class DepthGauge {
  constructor(@Inject(LANE_QUEUES) private readonly queues: readonly Queue[]) {}

  /** Tasks by lane, most urgent first, and by where BullMQ keeps them. */
  async count(): Promise<Depth[]> {
    const counts = await Promise.all(this.queues.map((queue) => queue.getJobCounts(...STATES)));
    return LANES.flatMap((priority, at) =>
      STATES.map((state) => ({ priority, state, tasks: counts[at]?.[state] ?? 0 })),
    );
  }
}
