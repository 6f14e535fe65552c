import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

/** Where work stands in its trace. Source: W3C Trace Context, level 1. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether its spans are told. */
  readonly sampled: boolean;
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NOTHING = /^0+$/;
const SAMPLED = 0x01;

const here = new AsyncLocalStorage<TraceContext>();

/** Reads the header that travels in an envelope; undefined when there is none, or none that could be meant. */
export function traceFrom(traceparent: string | undefined): TraceContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === '' || NOTHING.test(traceId) || NOTHING.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** The trace that the running work belongs to. */
export const currentTrace = (): TraceContext | undefined => here.getStore();

/** The same for an envelope. */
export function currentTraceparent(): string | undefined {
  const trace = currentTrace();
  return trace === undefined ? undefined : `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

/** Does work as part of a trace: what it logs and says belongs to that. */
export const withTrace = <T>(trace: TraceContext, work: () => T): T => here.run(trace, work);

export const newTraceId = (): string => randomBytes(16).toString('hex');
export const newSpanId = (): string => randomBytes(8).toString('hex');
