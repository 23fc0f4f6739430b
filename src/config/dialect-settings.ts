import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { Env } from './setting.js';

const DIALECTS = ['native', 'dispatcher', 'flask', 'taskqueue'] as const;
export type Dialect = (typeof DIALECTS)[number];

function AreDialects(): PropertyDecorator {
  return ValidateBy({
    name: 'areDialects',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((item) => DIALECTS.includes(item as Dialect)),
      defaultMessage: () => `$property must be a comma list of ${DIALECTS.join(', ')}`,
    },
  });
}

/** In the words of which other systems the API can be spoken to. */
export class DialectSettings {
  @Env(
    'COMPAT_DIALECTS',
    'Whose API is there besides the one below `/v1`: `flask` is that of Task Queue Worker (`/tasks`, `/queue/stats`), `taskqueue` that of Task Queue Go (`/api/v1/tasks`). `native` and `dispatcher` are `/v1` itself, which is always there.',
    { allowed: 'native, dispatcher, flask, taskqueue' },
  )
  @AreDialects()
  enabled: Dialect[] = [...DIALECTS];

  @Env(
    'FLASK_MAX_RETRY',
    'Retries after the first try of tasks that come by `POST /tasks`; -1 = as `MAX_RETRY` says.',
  )
  @IsInt()
  @Min(-1)
  @Max(1000)
  flaskMaxRetry = -1;

  @Env(
    'TASKQUEUE_QUEUE_RETRYMAXATTEMPTS',
    'Retries after the first try of tasks that come by `POST /api/v1/tasks` and name no number.',
  )
  @IsInt()
  @Min(0)
  @Max(1000)
  taskQueueMaxRetry = 3;
}
