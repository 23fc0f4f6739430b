import { ROOT_CONTEXT, type Span, type SpanContext, SpanKind, trace, type Tracer } from '@opentelemetry/api';
import {
  type IdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  AlwaysOnSampler,
  AlwaysOffSampler,
} from '@opentelemetry/sdk-trace';
import type { Sampler as SamplerName } from '../config/tracing-settings.js';
import { freshSpanId, freshTraceId } from './fresh-ids.js';
import { isMarkedSampled, isSampled, spanContextOf, traceparentFor, unsampled } from './trace-context.js';
import type { SpanIds } from './tracing.js';

/** A span that was begun. */
export interface Begun {
  readonly ids: SpanIds;
  /** What comes of it has this parent. */
  readonly traceparent: string;
  /** Nothing when the trace is not kept. */
  readonly span: Span | undefined;
}

interface Place {
  readonly kind: SpanKind;
  /** Of the parent; without one the span begins a trace. */
  readonly traceparent: string | undefined;
  /** Whether it has a link to its parent besides. */
  readonly isLinked?: boolean;
}

/**
 * Begins spans. Which traces are kept is decided before OpenTelemetry is asked: with one of a hundred kept, the others cost
 * as good as nothing.
 */
export class Spans implements IdGenerator {
  tracer: Tracer = trace.getTracer('task-runner');
  private readonly rootSampler: Sampler;
  private readonly asksParent: boolean;
  private nextTraceId: string | undefined;
  /** Of a trace that is kept and has not begun yet. */
  private drawnTraceId: string | undefined;

  constructor(sampler: SamplerName, ratio: number) {
    this.asksParent = sampler.startsWith('parentbased_');
    this.rootSampler = rootSampler(sampler, ratio);
  }

  /**
   * Whether a trace that was begun elsewhere is left out, so that nothing needs to be begun for it.
   *
   * @param traceparent one that was checked when it came
   */
  leavesOut(traceparent: string | undefined): traceparent is string {
    return this.asksParent && traceparent !== undefined && !isMarkedSampled(traceparent);
  }

  /**
   * The traceparent that a request passes on whose trace is not kept: nothing else is made for it. Nothing when the trace is
   * kept, and its span is to be begun next.
   */
  passedOn(traceparent: string | undefined): string | undefined {
    const parent = spanContextOf(traceparent);
    const traceId = parent?.traceId ?? freshTraceId();
    if (!this.isKept(parent, traceId)) return unsampled(traceId, parent?.spanId ?? freshSpanId());
    if (!parent) this.drawnTraceId = traceId;
    return undefined;
  }

  begin(name: string, { kind, traceparent, isLinked = false }: Place): Begun {
    const parent = spanContextOf(traceparent);
    const traceId = parent?.traceId ?? this.takeTraceId();
    if (!this.isKept(parent, traceId)) return notKept(traceId, parent);
    this.nextTraceId = traceId;
    const links = parent && isLinked ? [{ context: parent }] : [];
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const span = this.tracer.startSpan(name, { kind, links }, context);
    const own = span.spanContext();
    return { ids: own, traceparent: traceparentFor(own), span };
  }

  /** Of a new trace: the id by which it was decided that it is kept. */
  readonly generateTraceId = (): string => this.nextTraceId ?? freshTraceId();
  readonly generateSpanId = freshSpanId;

  private takeTraceId(): string {
    const drawn = this.drawnTraceId ?? freshTraceId();
    this.drawnTraceId = undefined;
    return drawn;
  }

  private isKept(parent: SpanContext | undefined, traceId: string): boolean {
    if (parent && this.asksParent) return isSampled(parent);
    const { decision } = this.rootSampler.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.INTERNAL, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  }
}

/** What is left out passes on what it came with: there is no span between. */
function notKept(traceId: string, parent: SpanContext | undefined): Begun {
  const spanId = parent?.spanId ?? freshSpanId();
  return { ids: { traceId, spanId }, traceparent: unsampled(traceId, spanId), span: undefined };
}

function rootSampler(name: SamplerName, ratio: number): Sampler {
  if (name.endsWith('always_on')) return new AlwaysOnSampler();
  if (name.endsWith('always_off')) return new AlwaysOffSampler();
  return new TraceIdRatioBasedSampler(ratio);
}
