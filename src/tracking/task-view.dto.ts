import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ANY_JSON } from '../task-request/enqueue.dto.js';
import { TASK_STATES, type TaskState } from '../task/task-state.js';
import { RetryView } from './retry-view.dto.js';

const TIME = { format: 'date-time' };

/** The call as it was enqueued. Headers are not shown: they hold credentials. */
export class TargetView {
  url!: string;
  method!: string;

  @ApiProperty({ required: false, description: 'The body, when it is text.' })
  body?: string;

  @ApiProperty({ required: false, description: 'The body, when it is bytes.' })
  body_base64?: string;

  @ApiProperty({
    required: false,
    description:
      'It was stored encrypted and this server does not have the key: of the url only the origin is shown.',
  })
  is_encrypted?: boolean;

  @ApiProperty({
    required: false,
    description:
      'What is stored of the task was damaged in Redis: shown are its client, queue, host, times and attempts; all else is empty. It becomes the dead letter unreadable_task.',
  })
  is_unreadable?: boolean;
}

export class AttemptErrorView {
  @ApiProperty({ description: 'Stable, for programs.', example: 'connect_failed' })
  code!: string;
  message!: string;
}

/** One try. Durations are milliseconds. */
export class AttemptView {
  number!: number;

  @ApiProperty(TIME)
  started_at!: string;

  @ApiProperty(TIME)
  ended_at!: string;

  @ApiProperty({
    enum: ['succeeded', 'rejected', 'not_sent', 'ambiguous', 'interrupted'],
    description:
      'rejected: the target answered other than 2xx; not_sent: nothing reached it; ambiguous: it may have acted; interrupted: cut off by a shutdown of ours or because the task was cancelled, does not count.',
  })
  class!: string;

  @ApiProperty({
    required: false,
    description:
      'It tried whether its host, whose circuit was open, is there again. When it got no answer it does not count, and the next attempt has the same number.',
  })
  is_probe?: boolean;

  @ApiProperty({
    required: false,
    description: 'HTTP status of the answer, also of one that did not end in time.',
  })
  status?: number;

  @ApiProperty({ required: false })
  error?: AttemptErrorView;

  @ApiProperty({ required: false, description: 'Wait that the target asked for, as far as it is honoured.' })
  retry_after_ms?: number;

  @ApiProperty({ required: false, description: 'From due to started.' })
  queue_ms?: number;

  @ApiProperty({ required: false })
  connect_ms?: number;

  @ApiProperty({ required: false })
  first_byte_ms?: number;

  total_ms!: number;

  @ApiProperty({
    required: false,
    description: 'Of failures, and of tasks with a callback: the beginning of the answer.',
  })
  response?: string;
}

/** A task, its state and its history. */
export class TaskView {
  task_id!: string;
  client_id!: string;
  queue!: string;

  @ApiProperty({ enum: TASK_STATES })
  state!: TaskState;

  @ApiProperty({ example: 'http', description: 'Of a call of a URL `http`.' })
  type!: string;

  @ApiProperty({ required: false, description: 'What it calls, if it does.' })
  task?: TargetView;

  @ApiProperty({ required: false, description: 'Of a typed task, as it was enqueued.', oneOf: ANY_JSON })
  payload?: unknown;

  @ApiProperty({
    required: false,
    description: 'Of a typed task: its payload was stored encrypted and this server does not have the key.',
  })
  is_encrypted?: boolean;

  @ApiProperty({
    required: false,
    oneOf: ANY_JSON,
    description: 'With `include=result`: what its handler returned last, up to 16 KiB, or `null`.',
  })
  result?: unknown;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Record<string, string>;

  @ApiProperty(TIME)
  created_at!: string;

  @ApiProperty(TIME)
  scheduled_at!: string;

  @ApiProperty({ ...TIME, required: false, description: 'No try starts after this.' })
  expires_at?: string;

  @ApiProperty({ ...TIME, required: false, description: 'Of scheduled and retrying tasks.' })
  next_attempt_at?: string;

  @ApiProperty({ ...TIME, required: false })
  finished_at?: string;

  @ApiProperty({ description: 'Extra tries after the first.' })
  max_retries!: number;

  @ApiProperty({ description: 'Tries in total: max_retries + 1.' })
  max_attempts!: number;

  @ApiProperty({ description: 'Tries that counted so far.' })
  attempts_made!: number;

  @ApiProperty({ description: 'Deadline of an attempt, seconds.' })
  timeout!: number;

  retry!: RetryView;

  @ApiProperty({ required: false, description: 'Why it is a dead letter.' })
  dead_letter_reason?: string;

  @ApiProperty({ required: false, description: 'It is an occurrence of this schedule.' })
  schedule_id?: string;

  @ApiProperty({ required: false, description: 'Told when the task has ended.' })
  callback_url?: string;

  @ApiProperty({ required: false, description: 'Told when it has ended, and not by a success.' })
  failure_callback_url?: string;

  @ApiProperty({
    required: false,
    description: 'Of a task that has ended: the id of the task that tells of it.',
  })
  callback_task_id?: string;

  @ApiProperty({ required: false, description: 'It tells of the end of the task with this id.' })
  callback_of?: string;

  attempts!: AttemptView[];
}

export class GetTaskQuery {
  @IsOptional()
  @IsIn(['result'], { message: 'must be result' })
  @ApiProperty({ enum: ['result'], required: false, description: 'What is shown besides.' })
  include?: string;
}
