export { currentTrace, currentTraceparent, traceFrom, withTrace } from './trace-context.js';
export type { TraceContext } from './trace-context.js';
export { SPAN_FACTS } from './span-facts.js';
export type { SpanFacts } from './span-facts.js';
export { openTracer } from './tracer.js';
export type { SpanOptions, ToldSpan, Tracer, TracerOptions } from './tracer.js';
