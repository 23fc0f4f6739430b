import { Logger } from '@nestjs/common';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { TracingSettings } from '../config/tracing-settings.js';
import { readPairs } from './endpoint.js';
import type { SpanMeter, TracingState } from './tracing.js';

type Done = Parameters<SpanExporter['export']>[1];

/** Sends spans, and knows how that goes. A collector that is away costs spans and one line in the log. */
export class Exporting implements SpanExporter {
  private readonly logger = new Logger('Tracing');
  private readonly exporter: OTLPTraceExporter;
  private meter: SpanMeter | undefined;
  private fault: string | undefined;
  private sent = 0;
  private lost = 0;
  /** Ended, and not given to the collector yet. */
  private queued = 0;

  constructor(
    private readonly settings: TracingSettings,
    private readonly url: string,
  ) {
    this.exporter = new OTLPTraceExporter({
      url,
      headers: readPairs(settings.headers),
      timeoutMillis: settings.timeoutMs,
      // The enum of the exporter is a name at run time.
      compression: settings.compression as never,
      userAgent: 'task-runner',
    });
  }

  /** Gives spans to this in batches; what does not fit into the buffer is lost. */
  processor(): BatchSpanProcessor {
    const { maxQueued, maxBatch, everyMs, timeoutMs } = this.settings;
    const processor = new BatchSpanProcessor({
      exporter: this,
      maxQueueSize: maxQueued,
      maxExportBatchSize: Math.min(maxBatch, maxQueued),
      scheduledDelayMillis: everyMs,
      exportTimeoutMillis: timeoutMs,
    });
    const onEnd = processor.onEnd.bind(processor);
    processor.onEnd = (span) => {
      this.count(span);
      onEnd(span);
    };
    return processor;
  }

  state(): TracingState {
    const { url, sent, lost, fault } = this;
    return { endpoint: url, sent, lost, ...(fault !== undefined && { fault }) };
  }

  meterBy(meter: SpanMeter): void {
    this.meter = meter;
  }

  export(spans: ReadableSpan[], done: Done): void {
    this.queued -= spans.length;
    this.exporter.export(spans, (result) => {
      if (isSent(result)) this.onSent(spans.length);
      else this.onLost(spans.length, result.error?.message ?? 'no reason given');
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  private count(span: ReadableSpan): void {
    const isSampled = (span.spanContext().traceFlags & 1) === 1;
    if (!isSampled) return;
    if (this.queued < this.settings.maxQueued) this.queued++;
    else this.tellLost(1);
  }

  private onSent(spans: number): void {
    this.sent += spans;
    this.meter?.exported(spans);
    if (this.fault !== undefined) this.logger.log('the collector takes traces again');
    this.fault = undefined;
  }

  private onLost(spans: number, reason: string): void {
    this.tellLost(spans);
    if (this.fault === undefined)
      this.logger.warn(
        { url: this.url, reason },
        'the collector does not take traces; spans are dropped until it does',
      );
    this.fault = reason;
  }

  private tellLost(spans: number): void {
    this.lost += spans;
    this.meter?.lost(spans);
  }
}

/** The codes are those of @opentelemetry/core; each failure comes with an error. */
function isSent({ error }: Parameters<Done>[0]): boolean {
  return error === undefined;
}
