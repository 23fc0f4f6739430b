import { IsInt, IsNumber, Max, Min } from 'class-validator';
import { Env } from './setting.js';

/** Telling listeners what happens. */
export class EventSettings {
  @Env(
    'EVENTS_MAX_LISTENERS',
    'Listeners of events that an API process has at a time; one more gets 503. A client has half of them at most, and a tenth is for admins.',
  )
  @IsInt()
  @Min(0)
  @Max(100_000)
  maxListeners = 200;

  @Env(
    'EVENTS_BUFFER_BYTES',
    'How far a listener may be behind, in bytes of events; one that is further behind is sent away.',
  )
  @IsInt()
  @Min(16_384)
  @Max(1024 * 1024 * 1024)
  bufferBytes = 4 * 1024 * 1024;

  @Env(
    'EVENTS_MAX_STORED',
    'Newest events that are kept for listeners that come back, about; each takes about 350 bytes of Redis.',
  )
  @IsInt()
  @Min(1000)
  @Max(10_000_000)
  maxStored = 100_000;

  @Env('EVENTS_RETENTION_SEC', 'How long events are kept for listeners that come back.')
  @IsNumber()
  @Min(10)
  @Max(86_400)
  retentionSec = 300;
}
