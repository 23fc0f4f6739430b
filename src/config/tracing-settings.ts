import { IsBoolean, IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { Env } from './setting.js';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type Sampler = (typeof SAMPLERS)[number];

/** A host with a port is enough; without credentials, which would end up in logs. */
const ENDPOINT = /^(?:$|(?:https?:\/\/)?[^\s@/?#]+(?:\/[^\s@?#]*)?$)/;
const ENDPOINT_RULE = { message: '$property must be an http or https URL without credentials, or host:port' };
const ENDPOINT_ALLOWED = 'a URL, or `host:port`, which means http';
const PAIRS = /^(?:$|[^=,\s]+=[^,]*(?:,\s*[^=,\s]+=[^,]*)*)$/;
const PAIRS_RULE = { message: '$property must be like name=value,other=value' };
const PAIRS_ALLOWED = '`name=value`, separated by commas; percent-encoded where need be';

/** OpenTelemetry, by its own names of variables. Nothing of it is loaded without an endpoint. */
export class TracingSettings {
  @Env(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'Where traces go: an OpenTelemetry collector that takes OTLP over HTTP (JSON), like `http://otel:4318`; `/v1/traces` is added. Empty = no tracing.',
    { allowed: ENDPOINT_ALLOWED },
  )
  @Matches(ENDPOINT, ENDPOINT_RULE)
  endpoint = '';

  @Env('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'The same for traces only: nothing is added to it.', {
    allowed: ENDPOINT_ALLOWED,
  })
  @Matches(ENDPOINT, ENDPOINT_RULE)
  tracesEndpoint = '';

  @Env('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'Headers that traces are sent with.', {
    secret: true,
    aliases: ['OTEL_EXPORTER_OTLP_HEADERS'],
    allowed: PAIRS_ALLOWED,
  })
  @Matches(PAIRS, PAIRS_RULE)
  headers = '';

  @Env('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'How long the collector may take, in milliseconds.', {
    aliases: ['OTEL_EXPORTER_OTLP_TIMEOUT'],
  })
  @IsInt()
  @Min(1)
  @Max(600_000)
  timeoutMs = 10_000;

  @Env('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'Whether what is sent is compressed.', {
    aliases: ['OTEL_EXPORTER_OTLP_COMPRESSION'],
  })
  @IsIn(['none', 'gzip'])
  compression: 'none' | 'gzip' = 'none';

  @Env('OTEL_TRACES_EXPORTER', '`none` = no tracing, whatever the endpoint.')
  @IsIn(['otlp', 'none'])
  exporter: 'otlp' | 'none' = 'otlp';

  @Env('OTEL_SDK_DISABLED', 'No tracing, whatever the endpoint.')
  @IsBoolean()
  isDisabled = false;

  @Env('OTEL_SERVICE_NAME', 'What traces call this program.', { allowed: 'any text' })
  @Matches(/^.*$/)
  serviceName = 'task-runner';

  @Env('OTEL_RESOURCE_ATTRIBUTES', 'What else traces say of this process.', { allowed: PAIRS_ALLOWED })
  @Matches(PAIRS, PAIRS_RULE)
  resourceAttributes = '';

  @Env(
    'OTEL_TRACES_SAMPLER',
    'Which traces are kept. `parentbased_…` does what the caller decided, and its own only without a caller.',
  )
  @IsIn(SAMPLERS)
  sampler: Sampler = 'parentbased_always_on';

  @Env(
    'OTEL_TRACES_SAMPLER_ARG',
    'For `…traceidratio`: which share of traces is kept; 0.01 = one of a hundred.',
  )
  @Min(0)
  @Max(1)
  samplerRatio = 1;

  @Env('OTEL_BSP_MAX_QUEUE_SIZE', 'Spans that wait to be sent; further ones are dropped.')
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  maxQueued = 2048;

  @Env('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'Spans that are sent at once.')
  @IsInt()
  @Min(1)
  @Max(100_000)
  maxBatch = 512;

  @Env('OTEL_BSP_SCHEDULE_DELAY', 'How often spans are sent, in milliseconds.')
  @IsInt()
  @Min(1)
  @Max(600_000)
  everyMs = 5000;
}
