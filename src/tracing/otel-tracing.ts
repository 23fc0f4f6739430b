import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { buildInfo } from '../config/build-info.js';
import type { Config } from '../config/config.js';
import { loggableOrigin, loggableUrl } from '../logging/redact.js';
import type { Task } from '../task/task.js';
import { attemptSpan } from './attempt-span.js';
import { destinationOf, failed, MESSAGING, serverOf } from './attributes.js';
import { readPairs } from './endpoint.js';
import { Exporting } from './exporting.js';
import { samplerFor } from './sampler.js';
import { contextOf, linksTo, traceparentOf } from './trace-context.js';
import {
  type AttemptSpan,
  type BegunAttempt,
  type BegunRequest,
  type EnqueueSpan,
  type RequestSpan,
  type SpanMeter,
  Tracing,
  type TracingState,
} from './tracing.js';

const CLOSE_WITHIN_MS = 2000;

/** Tracing with OpenTelemetry. Names of spans and attributes are those of its semantic conventions, where there are any. */
export class OtelTracing extends Tracing {
  private readonly exporting: Exporting;
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;
  /** What of a URL may be told. */
  private readonly shown: (url: string) => string;

  constructor(config: Config, url: string) {
    super();
    const { tracing, storage } = config;
    this.shown = storage.encryptionKeys.length > 0 ? loggableOrigin : loggableUrl;
    this.exporting = new Exporting(tracing, url);
    this.provider = new TracerProvider({
      resource: resourceFromAttributes(resourceOf(config)),
      sampler: samplerFor(tracing.sampler, tracing.samplerRatio),
      spanProcessors: [this.exporting.processor()],
    });
    this.tracer = this.provider.getTracer('task-runner', buildInfo.version);
  }

  override request({ method, route, path, host, scheme, traceparent }: BegunRequest): RequestSpan {
    const name = route === undefined ? method : `${method} ${route}`;
    const span = this.tracer.startSpan(name, { kind: SpanKind.SERVER }, contextOf(traceparent));
    if (span.isRecording()) {
      span.setAttributes({
        'http.request.method': method,
        'url.path': path,
        'url.scheme': scheme,
        ...serverOf(`${scheme}://${host}`),
        ...(route !== undefined && { 'http.route': route }),
      });
    }
    const { traceId, spanId } = span.spanContext();
    return {
      traceId,
      spanId,
      traceparent: traceparentOf(span),
      ended: (status) => {
        span.setAttribute('http.response.status_code', status);
        if (status >= 500) failed(span, String(status));
        span.end();
      },
    };
  }

  override enqueue(task: Task): EnqueueSpan {
    const name = `send ${task.queue}`;
    const span = this.tracer.startSpan(name, { kind: SpanKind.PRODUCER }, contextOf(task.traceparent));
    if (span.isRecording()) {
      span.setAttributes({
        ...destinationOf(task),
        [MESSAGING.operationType]: 'send',
        [MESSAGING.operationName]: 'enqueue',
      });
    }
    return {
      task: { ...task, traceparent: traceparentOf(span) },
      ended: (refusal) => {
        if (refusal !== undefined) failed(span, refusal);
        span.end();
      },
    };
  }

  override attempt(begun: BegunAttempt): AttemptSpan {
    const { traceparent, queue } = begun.task;
    const parent = contextOf(traceparent);
    const options = { kind: SpanKind.CONSUMER, links: linksTo(traceparent) };
    const span = this.tracer.startSpan(`process ${queue}`, options, parent);
    return attemptSpan(span, begun, { tracer: this.tracer, shown: this.shown });
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

function resourceOf({ tracing, service }: Config): Record<string, string> {
  return {
    'service.name': tracing.serviceName,
    'service.version': buildInfo.version,
    'service.instance.id': `${hostname()}-${process.pid}`,
    'task_runner.mode': service.mode,
    ...readPairs(tracing.resourceAttributes),
  };
}
