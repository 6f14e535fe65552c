import type { EndedSpan, OtlpExporter, SpanKind } from './otlp-exporter.js';
import { fittingFacts, fittingName, type SpanFacts } from './span-facts.js';
import { currentTrace, newSpanId, newTraceId, traceFrom, withTrace, type TraceContext } from './trace-context.js';

export interface SpanOptions {
  /** Words of ours, as `handle a message`. */
  readonly name: string;
  readonly kind: SpanKind;
  /** From an envelope; undefined where it had none, and a trace begins. Absent: whatever the running work belongs to. */
  readonly from?: { readonly traceparent: string | undefined };
  readonly facts?: SpanFacts;
}

/** Work that was done elsewhere, by a part that cannot tell of itself. Instants in milliseconds since 1970. */
export interface ToldSpan extends Omit<SpanOptions, 'from'> {
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
}

/** Tells of work as spans of a trace. Without a receiver it tells nothing, and hands on the trace that came with the work. */
export interface Tracer {
  /** Does the work inside a span; `add` gives it facts that are known later. Errors: those of the work. */
  span<T>(options: SpanOptions, work: (add: (facts: SpanFacts) => void) => Promise<T>): Promise<T>;
  /** A span below the running one that another part has ended already. */
  tell(span: ToldSpan): void;
  close(): Promise<void>;
}

export interface TracerOptions {
  readonly service: string;
  /** Receiver of OTLP over HTTP, as `http://127.0.0.1:4318`; undefined for none. */
  readonly endpoint: string | undefined;
  /** Share of the traces that begin here which are told, from 0 to 1; a trace that began elsewhere is told when it is told there. */
  readonly ratio: number;
  readonly onFailure: (cause: unknown) => void;
}

const nothing = (): void => undefined;
const parentOf = ({ from }: Pick<SpanOptions, 'from'>): TraceContext | undefined => (from === undefined ? currentTrace() : traceFrom(from.traceparent));

/** Opens the tracer of one process. The exporter is loaded only where there is somebody to send to. */
export async function openTracer({ service, endpoint, ratio, onFailure }: TracerOptions): Promise<Tracer> {
  if (endpoint === undefined) return SILENT;
  const { OtlpExporter } = await import('./otlp-exporter.js');
  return new ExportingTracer(service, ratio, new OtlpExporter(endpoint, onFailure));
}

const SILENT: Tracer = {
  span: (options, work) => {
    const parent = parentOf(options);
    return parent === undefined ? work(nothing) : withTrace(parent, () => work(nothing));
  },
  tell: nothing,
  close: () => Promise.resolve(),
};

class ExportingTracer implements Tracer {
  constructor(
    private readonly service: string,
    private readonly ratio: number,
    private readonly exporter: Pick<OtlpExporter, 'add' | 'close'>,
  ) {}

  async span<T>(options: SpanOptions, work: (add: (facts: SpanFacts) => void) => Promise<T>): Promise<T> {
    const parent = parentOf(options);
    const trace: TraceContext = { traceId: parent?.traceId ?? newTraceId(), spanId: newSpanId(), sampled: parent?.sampled ?? Math.random() < this.ratio };
    if (!trace.sampled) return withTrace(trace, () => work(nothing));
    let facts: SpanFacts = options.facts ?? {};
    const startMs = performance.timeOrigin + performance.now();
    const ended = (failed: boolean): void => this.#add({ ...options, service: this.service, facts, startMs, endMs: performance.timeOrigin + performance.now(), failed }, trace, parent?.spanId ?? null);
    try {
      const result = await withTrace(trace, () => work((more) => (facts = { ...facts, ...more })));
      ended(false);
      return result;
    } catch (cause) {
      // Only the kind of it: words of an error can quote a row or a name.
      facts = { ...facts, 'error.type': cause instanceof Error ? cause.name : 'unknown' };
      ended(true);
      throw cause;
    }
  }

  tell(span: ToldSpan): void {
    const parent = currentTrace();
    if (parent?.sampled === true) this.#add(span, { ...parent, spanId: newSpanId() }, parent.spanId);
  }

  close(): Promise<void> {
    return this.exporter.close();
  }

  #add({ service, name, kind, startMs, endMs, facts = {}, failed }: ToldSpan, { traceId, spanId }: TraceContext, parentSpanId: string | null): void {
    const span: EndedSpan = { service, name: fittingName(name), kind, traceId, spanId, parentSpanId, startMs, endMs: Math.max(startMs, endMs), facts: fittingFacts(facts), failed };
    this.exporter.add(span);
  }
}
