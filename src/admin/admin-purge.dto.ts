import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { OperationView } from './admin-operations.dto.js';

const FLAGS = ['true', 'false', ''];
type Flag = 'true' | 'false' | '';

/** A flag of a query: `?name=true`, or `?name`. */
function QueryFlag(description: string): PropertyDecorator {
  const rules = [IsOptional(), IsIn(FLAGS, { message: 'must be true or false' })];
  const described = ApiProperty({ type: 'boolean', required: false, description });
  return (target, property) => {
    for (const rule of [...rules, described]) rule(target, property);
  };
}

export class PurgeQuery {
  @QueryFlag('Counts what would go, and does nothing.')
  dry_run?: Flag;

  @QueryFlag('Frees the memory at once; it cannot be undone then.')
  now?: Flag;
}

export class PurgeQueueQuery extends PurgeQuery {
  @QueryFlag('Removes the queue itself as well, and all that is set for it; not of a lane.')
  delete?: Flag;
}

/** Whether a flag is set. */
export function isSet(flag: Flag | undefined): boolean {
  return flag === 'true' || flag === '';
}

/** What a purge takes; the operation that does it. */
export class PurgeResult extends OperationView {
  @ApiProperty({ description: 'In words.' })
  message!: string;

  @ApiProperty({ required: false, description: 'Of a queue: its name.' })
  queue?: string;

  @ApiProperty({ type: 'integer', description: 'How many tasks it takes: as `matched`.' })
  purged!: number;
}
