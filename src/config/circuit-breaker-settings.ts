import { IsInt, IsNumber, Max, Min } from 'class-validator';
import { DAY_SEC } from '../time/day.js';
import { Env } from './setting.js';

/** When a host is left alone because it does not answer, and how it is asked again. */
export class CircuitBreakerSettings {
  @Env(
    'CB_FAILURE_THRESHOLD',
    'Failures in a row (no answer, or 5xx) after which a host is left alone: its circuit opens. 0 = never.',
  )
  @IsInt()
  @Min(0)
  @Max(100_000)
  failureThreshold = 5;

  @Env(
    'CB_INTERVAL_SEC',
    'Failures of a closed circuit are forgotten so long after the first of them; so is an open one that nobody has tasks for.',
  )
  @IsNumber()
  @Min(0.1)
  @Max(DAY_SEC)
  intervalSec = 60;

  @Env(
    'CB_TIMEOUT_SEC',
    'How long a circuit stays open before probes go out, which are real tasks, and how long those are waited for before others do.',
  )
  @IsNumber()
  @Min(0.1)
  @Max(DAY_SEC)
  timeoutSec = 30;

  @Env(
    'CB_TIMEOUT_MAX_SEC',
    'A circuit whose probes fail stays open for twice as long as before, up to this. 0 = always as long as `CB_TIMEOUT_SEC`.',
  )
  @IsNumber()
  @Min(0)
  @Max(DAY_SEC)
  timeoutMaxSec = 0;

  @Env(
    'CB_MAX_REQUESTS',
    'Probes that go out to a host in one `CB_TIMEOUT_SEC`, over all workers; when so many succeed, its circuit closes.',
  )
  @IsInt()
  @Min(1)
  @Max(1000)
  maxRequests = 3;

  @Env(
    'CB_RAMP_STEP',
    'Tasks that begin in the first second after a circuit closes, twice as many in each that follows, until that is more than 1,000. 0 = all at once.',
  )
  @IsInt()
  @Min(0)
  @Max(1000)
  rampStep = 10;
}
