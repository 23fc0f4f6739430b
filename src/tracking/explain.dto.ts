import { ApiProperty } from '@nestjs/swagger';
import { TASK_STATES, type TaskState } from '../task/task-state.js';

const TIME = { format: 'date-time', required: false };

const REASONS = [
  ...(['paused', 'disabled', 'at_capacity', 'fleet_share', 'rate_limited'] as const),
  ...(['host_circuit_open', 'host_circuit_half_open', 'host_ramping', 'host_at_limit'] as const),
  'client_held_by_host',
] as const;
export type GateReason = (typeof REASONS)[number];

/** What a gate says to a task. */
export class GateView {
  @ApiProperty({ enum: ['queue', 'client', 'host'] })
  gate!: 'queue' | 'client' | 'host';

  @ApiProperty({ description: 'Of the queue, of the client, or the origin of the host.' })
  name!: string;

  passes!: boolean;

  @ApiProperty({ enum: REASONS, required: false })
  reason?: GateReason;

  @ApiProperty({ required: false, description: 'Of a host: an admin holds its circuit open.' })
  forced?: true;

  @ApiProperty({ required: false, description: 'Of a forced one: why, as the admin says.' })
  forced_reason?: string;

  @ApiProperty({
    required: false,
    description: 'Of a host whose circuit failures have opened: status or code of the last one.',
    example: '503',
  })
  last_error?: string;

  @ApiProperty({ required: false, description: 'Running tasks that count for `max_running`.' })
  running?: number;

  @ApiProperty({ required: false })
  max_running?: number;

  @ApiProperty({
    ...TIME,
    description:
      'It opens by itself then: of paused and disabled ones, and of hosts that have asked the client to wait.',
  })
  until?: string;

  @ApiProperty({
    ...TIME,
    description: 'It lets the next task start then: of rates, open circuits and ramps.',
  })
  next_at?: string;
}

export class PositionView {
  @ApiProperty({ required: false, description: 'Tasks that a worker takes before it.' })
  waiting_ahead_in_lane?: number;

  @ApiProperty({ required: false, description: 'Tasks that the gate lets in before it.' })
  parked_ahead?: number;
}

/** Why a task is not running, as it was at one moment. */
export class ExplanationView {
  task_id!: string;

  @ApiProperty({ enum: TASK_STATES })
  state!: TaskState;

  @ApiProperty({ description: 'One sentence, for people.' })
  summary!: string;

  @ApiProperty({
    type: [GateView],
    description: 'In the order in which they are asked; the first that does not let it pass holds it.',
  })
  gates!: GateView[];

  @ApiProperty({ required: false })
  position?: PositionView;

  @ApiProperty({
    required: false,
    description:
      'Of one that waits for a worker: tasks that all workers that take any can run at once; 0 when none is there, or all are paused.',
  })
  worker_slots?: number;

  @ApiProperty({ ...TIME, description: 'When it may start at the earliest, where that can be known.' })
  eta?: string;
}
