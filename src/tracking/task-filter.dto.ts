import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches, MaxLength, ValidateBy } from 'class-validator';
import { IsClientId } from '../clients/is-client-id.js';
import { PageLimit } from '../http/page-limit.js';
import { TASK_STATES, type TaskState } from '../task/task-state.js';

const TIME = { format: 'date-time', required: false };
const LONGEST_TEXT = 256;
/** As many as a task can have. */
const MOST_LABELS = 16;
const LABEL = /^[^:]+:/;

/** `key:value`, or a list of such: a query has one of a name as text, several as a list. */
function AreLabels(): PropertyDecorator {
  return ValidateBy({
    name: 'areLabels',
    validator: {
      validate: (value) => {
        const labels: unknown[] = Array.isArray(value) ? value : [value];
        return (
          labels.length > 0 &&
          labels.length <= MOST_LABELS &&
          labels.every((label) => typeof label === 'string' && LABEL.test(label))
        );
      },
      defaultMessage: () => `$property must be key:value, 1 to ${MOST_LABELS} of them`,
    },
  });
}

/** Which tasks are meant. Each field narrows them down further; an empty one is refused, as it would mean all. */
export class TaskFilterFields {
  @IsOptional()
  @IsIn(TASK_STATES, { message: `must be one of ${TASK_STATES.join(', ')}` })
  @ApiProperty({ enum: TASK_STATES, required: false })
  state?: TaskState;

  /** A lane, `normal`, or a named queue. */
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9_-]{0,62}$/, { message: 'must be the name of a queue' })
  queue?: string;

  @IsOptional()
  @IsClientId({ required: false })
  client_id?: string;

  /** What its URL calls: `api.example.com`, with a port or without, or an origin such as `https://api.example.com`. */
  @IsOptional()
  @IsString()
  @Length(1, LONGEST_TEXT)
  host?: string;

  /** Tasks that are calls of a URL have the type `http`. */
  @IsOptional()
  @IsString()
  @Length(1, LONGEST_TEXT)
  type?: string;

  @IsOptional()
  @AreLabels()
  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    required: false,
    description:
      'A label of its metadata, `key:value`. May be there several times: a task has to have all of them.',
  })
  label?: string | string[];

  /** Only tasks that were created after this (RFC 3339). */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty(TIME)
  created_after?: string;

  /** Only tasks that were created before this (RFC 3339). */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @ApiProperty(TIME)
  created_before?: string;

  /** What its last error has in it: the reason, the status, the words, the beginning of the answer. The case of ASCII letters does not matter. */
  @IsOptional()
  @IsString()
  @Length(1, LONGEST_TEXT)
  error?: string;
}

export class ListTasksQuery extends TaskFilterFields {
  @PageLimit()
  limit?: string;

  /** `next_cursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_TEXT)
  cursor?: string;
}
