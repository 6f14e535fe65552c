/** One span that has ended. Instants in milliseconds since 1970. */
export interface EndedSpan {
  /** Part of Mailwarden that did the work. */
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly failed: boolean;
}

/** Source: opentelemetry-proto, trace/v1, `Span.SpanKind` and `Status.StatusCode`. */
const KINDS = { internal: 1, server: 2, producer: 4, consumer: 5 } as const;
export type SpanKind = keyof typeof KINDS;
const FAILED = 2;

const SEND_EVERY_MS = 2_000;
const SEND_MS_MAX = 5_000;
const BATCH_SPANS_MAX = 512;
/** A receiver that is away costs no more memory than this; what comes beyond is dropped, since a trace is no evidence. */
const WAITING_SPANS_MAX = 2_048;
const TELL_EVERY_MS = 60_000;
const TRACES_PATH = '/v1/traces';

const nanos = (ms: number): string => `${Math.round(ms * 1_000)}000`;
const attribute = ([key, value]: readonly [string, string]) => ({ key, value: { stringValue: value } });

const spanJson = ({ name, kind, traceId, spanId, parentSpanId, startMs, endMs, facts, failed }: EndedSpan) => ({
  traceId,
  spanId,
  ...(parentSpanId === null ? {} : { parentSpanId }),
  name,
  kind: KINDS[kind],
  startTimeUnixNano: nanos(startMs),
  endTimeUnixNano: nanos(endMs),
  attributes: facts.map(attribute),
  status: failed ? { code: FAILED } : {},
});

/** Spans as a receiver of OTLP over HTTP takes them, in JSON. Source: OTLP 1, `ExportTraceServiceRequest`. */
export function otlpRequest(spans: readonly EndedSpan[]): object {
  const services = [...new Set(spans.map(({ service }) => service))];
  return {
    resourceSpans: services.map((service) => ({
      resource: { attributes: [attribute(['service.name', service]), attribute(['service.namespace', 'mailwarden'])] },
      scopeSpans: [{ scope: { name: 'mailwarden' }, spans: spans.filter((span) => span.service === service).map(spanJson) }],
    })),
  };
}

/** Sends ended spans to a receiver, some at a time. It never holds up the work that they tell of, and never fails it. */
export class OtlpExporter {
  readonly #url: string;
  readonly #timer: NodeJS.Timeout;
  #waiting: EndedSpan[] = [];
  #sending: Promise<void> = Promise.resolve();
  #toldAtMs = 0;

  /** `endpoint` without the path of traces, as `http://127.0.0.1:4318`. */
  constructor(
    endpoint: string,
    private readonly onFailure: (cause: unknown) => void,
  ) {
    this.#url = `${endpoint.replace(/\/+$/, '')}${TRACES_PATH}`;
    this.#timer = setInterval(() => this.flush(), SEND_EVERY_MS);
    this.#timer.unref();
  }

  add(span: EndedSpan): void {
    if (this.#waiting.length >= WAITING_SPANS_MAX) this.#waiting.shift();
    this.#waiting.push(span);
    if (this.#waiting.length === BATCH_SPANS_MAX) this.flush();
  }

  flush(): void {
    this.#sending = this.#sending.then(() => this.#send());
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.flush();
    await this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_SPANS_MAX);
      try {
        const response = await fetch(this.#url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(otlpRequest(batch)), signal: AbortSignal.timeout(SEND_MS_MAX) });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`the receiver of traces answered ${response.status}`);
      } catch (cause) {
        this.#tell(cause);
        return;
      }
    }
  }

  #tell(cause: unknown): void {
    const nowMs = Date.now();
    if (nowMs - this.#toldAtMs < TELL_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    this.onFailure(cause);
  }
}
