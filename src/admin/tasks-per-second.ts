import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

const MOST_PER_SECOND = 10_000;
export const DEFAULT_PER_SECOND = 1000;

/** How fast an operation goes. */
export function TasksPerSecond(): PropertyDecorator {
  const rules = [IsOptional(), IsInt(), Min(1), Max(MOST_PER_SECOND)];
  const described = ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: MOST_PER_SECOND,
    required: false,
    description: 'Tasks per second, at most.',
  });
  return (target, property) => {
    for (const rule of [...rules, described]) rule(target, property);
  };
}
