import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { buildInfo } from '../config/build-info.js';
import type { Config } from '../config/config.js';
import { loggableOrigin, loggableUrl } from '../logging/redact.js';
import type { Task } from '../task/task.js';
import { OtelAttemptSpan } from './attempt-span.js';
import { destinationOf, failed, MESSAGING, serverOf } from './attributes.js';
import { readPairs } from './endpoint.js';
import { Exporting } from './exporting.js';
import { Spans } from './spans.js';
import { traceIdOf } from './trace-context.js';
import {
  type AttemptSpan,
  type BegunAttempt,
  type BegunRequest,
  type DescribedRequest,
  type EnqueueSpan,
  type RequestSpan,
  type SpanMeter,
  Tracing,
  type TracingState,
} from './tracing.js';

type Describe = () => DescribedRequest;

const CLOSE_WITHIN_MS = 2000;

/** Tracing with OpenTelemetry. Names of spans and attributes are those of its semantic conventions, where there are any. */
export class OtelTracing extends Tracing {
  private readonly exporting: Exporting;
  private readonly provider: TracerProvider;
  private readonly spans: Spans;
  /** What of a URL may be told. */
  private readonly shown: (url: string) => string;

  constructor(config: Config, url: string) {
    super();
    const { tracing, storage } = config;
    this.shown = storage.encryptionKeys.length > 0 ? loggableOrigin : loggableUrl;
    this.exporting = new Exporting(tracing, url);
    this.spans = new Spans(tracing.sampler, tracing.samplerRatio);
    this.provider = new TracerProvider({
      resource: resourceFromAttributes(resourceOf(config)),
      // What is not kept does not come here.
      sampler: new AlwaysOnSampler(),
      idGenerator: this.spans,
      spanProcessors: [this.exporting.processor()],
    });
    this.spans.tracer = this.provider.getTracer('task-runner', buildInfo.version);
  }

  override request({ method, route, traceparent }: BegunRequest, describe: Describe): RequestSpan {
    const passedOn = this.spans.passedOn(traceparent);
    if (passedOn !== undefined)
      return { traceparent: passedOn, traceId: traceIdOf(passedOn), ended: nothing };
    const name = route === undefined ? method : `${method} ${route}`;
    const begun = this.spans.begin(name, { kind: SpanKind.SERVER, traceparent });
    const { span, ids } = begun;
    span?.setAttributes(requestAttributes(method, route, describe()));
    return {
      traceId: ids.traceId,
      spanId: ids.spanId,
      traceparent: begun.traceparent,
      ended: (status) => {
        if (!span) return;
        span.setAttribute('http.response.status_code', status);
        if (status >= 500) failed(span, String(status));
        span.end();
      },
    };
  }

  override enqueue(task: Task): EnqueueSpan {
    if (this.spans.leavesOut(task.traceparent)) return { task, ended: nothing };
    const place = { kind: SpanKind.PRODUCER, traceparent: task.traceparent };
    const { span, traceparent } = this.spans.begin(`send ${task.queue}`, place);
    span?.setAttributes({
      ...destinationOf(task),
      [MESSAGING.operationType]: 'send',
      [MESSAGING.operationName]: 'enqueue',
    });
    return {
      task: { ...task, traceparent },
      ended: (refusal) => {
        if (span && refusal !== undefined) failed(span, refusal);
        span?.end();
      },
    };
  }

  override attempt(begun: BegunAttempt): AttemptSpan {
    const { traceparent } = begun.task;
    if (this.spans.leavesOut(traceparent)) return leftOut(traceparent);
    return new OtelAttemptSpan(begun, this.spans, this.shown);
  }

  override state(): TracingState {
    return this.exporting.state();
  }

  override meterBy(meter: SpanMeter): void {
    this.exporting.meterBy(meter);
  }

  override async close(): Promise<void> {
    const closed = this.provider.shutdown().catch(() => undefined);
    await Promise.race([closed, sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]);
  }
}

const nothing = (): undefined => undefined;

function leftOut(traceparent: string): AttemptSpan {
  return { ids: undefined, calls: () => traceparent, ended: nothing };
}

function resourceOf({ tracing, service }: Config): Record<string, string> {
  return {
    'service.name': tracing.serviceName,
    'service.version': buildInfo.version,
    'service.instance.id': `${hostname()}-${process.pid}`,
    'task_runner.mode': service.mode,
    ...readPairs(tracing.resourceAttributes),
  };
}

function requestAttributes(
  method: string,
  route: string | undefined,
  { path, host, scheme }: DescribedRequest,
): Attributes {
  return {
    'http.request.method': method,
    'url.path': path,
    'url.scheme': scheme,
    ...serverOf(`${scheme}://${host}`),
    ...(route !== undefined && { 'http.route': route }),
  };
}
