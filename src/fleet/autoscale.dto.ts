import { ApiProperty } from '@nestjs/swagger';

/** How many workers are wanted, and what that was made from. */
export class AutoscaleAnswer {
  @ApiProperty({ description: 'Worker processes that there should be.', example: 3 })
  desired_workers!: number;

  @ApiProperty({ description: 'Worker processes that are there, whatever their state.', example: 1 })
  workers!: number;

  @ApiProperty({
    description: 'Of these, paused or drained by an admin; wanted besides those that work.',
    example: 0,
  })
  held_workers!: number;

  @ApiProperty({
    description: 'Due tasks that could run now if there were slots; what gates hold back does not count.',
    example: 1800,
  })
  runnable_tasks!: number;

  @ApiProperty({ description: 'Slots in which tasks run now.', example: 10 })
  busy_slots!: number;

  @ApiProperty({ description: 'Slots that a worker has, on average.', example: 10 })
  slots_per_worker!: number;

  @ApiProperty({
    nullable: true,
    type: Number,
    description: 'How long an attempt takes, milliseconds; null before one has ended.',
    example: 640,
  })
  mean_attempt_ms!: number | null;

  @ApiProperty({
    description: 'Within how many seconds what could run should have begun (AUTOSCALE_DRAIN_SEC).',
    example: 60,
  })
  drain_sec!: number;

  @ApiProperty({ description: 'AUTOSCALE_MIN_WORKERS', example: 1 })
  min_workers!: number;

  @ApiProperty({ description: 'AUTOSCALE_MAX_WORKERS', example: 5 })
  max_workers!: number;

  @ApiProperty({ description: 'When it was counted.', example: '2026-11-22T17:00:00.000Z' })
  counted_at!: string;
}
