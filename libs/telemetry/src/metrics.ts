import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { within } from './within.js';

/** Every value that each label of a metric can have. Privacy: names of servers and persons are in no such list, so they can be in no label; and no label grows without end. */
export type BoundedLabels = Readonly<Record<string, readonly string[]>>;
type Values = Readonly<Record<string, string>>;

/** What stands for a value that is not in its list. */
export const OTHER = 'other';

/** One figure as it is now. */
export interface GaugeReading {
  readonly labels?: Values;
  readonly value: number;
}

export interface Measure {
  readonly name: string;
  readonly help: string;
  readonly labels?: BoundedLabels;
}

/** A source that does not answer by then is left out of this reading. Units: milliseconds. */
const SOURCE_MS_MAX = 2_000;

const bounded = (labels: BoundedLabels, values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).map(([name, allowed]) => [name, allowed.includes(values[name] ?? '') ? (values[name] ?? OTHER) : OTHER]));

/** The metrics of one process, as Prometheus reads them. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #sources: (() => Promise<void>)[] = [];
  readonly #failures: (source: string) => void;
  #reading: Promise<string> | null = null;

  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.#registry });
    const failures = new Counter({ name: 'mailwarden_metric_source_failures_total', help: 'Readings that a source of figures did not answer in time; its figures are absent then', labelNames: ['source'], registers: [this.#registry] });
    this.#failures = (source) => failures.inc({ source });
  }

  counter({ name, help, labels = {} }: Measure): (values: Values) => void {
    const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] });
    return (values) => counter.inc(bounded(labels, values));
  }

  histogram({ name, help, labels = {} }: Measure, bucketsSeconds: readonly number[]): (values: Values, seconds: number) => void {
    const histogram = new Histogram({ name, help, labelNames: Object.keys(labels), buckets: [...bucketsSeconds], registers: [this.#registry] });
    return (values, seconds) => histogram.observe(bounded(labels, values), seconds);
  }

  /**
   * Figures that are asked for when somebody reads: `read` answers each gauge by its name. A source that fails is counted, and what it said before is told no more.
   * Instances that are read at the same time ask once. `source` is a word of ours.
   */
  gauges<N extends string>(source: string, measures: Readonly<Record<N, Measure>>, read: () => Promise<Readonly<Record<N, readonly GaugeReading[]>>>): void {
    const gauges = (Object.entries(measures) as [N, Measure][]).map(([key, { name, help, labels = {} }]) => ({ key, labels, gauge: new Gauge({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] }) }));
    this.#sources.push(async () => {
      const readings = await within(SOURCE_MS_MAX, read).catch(() => null);
      if (readings === null) this.#failures(source);
      for (const { key, labels, gauge } of gauges) {
        gauge.reset();
        // Without labels a gauge that is reset tells 0, which would be a lie where the source failed.
        if (readings === null && Object.keys(labels).length === 0) gauge.set(Number.NaN);
        for (const { labels: values = {}, value } of readings?.[key] ?? []) gauge.inc(bounded(labels, values), value);
      }
    });
  }

  /** All of it, in the text form of Prometheus. */
  read(): Promise<string> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async #read(): Promise<string> {
    await Promise.all(this.#sources.map((ask) => ask()));
    return this.#registry.metrics();
  }
}
