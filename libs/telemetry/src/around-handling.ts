import { serverOfSource } from '@mailwarden/contracts';
import type { AroundHandling } from '@mailwarden/messaging';
import type { Tracer } from '@mailwarden/tracing';

/** Handles each message inside a span of the trace that it came with. */
export const aroundHandling = (tracer: Tracer): AroundHandling => ({ envelope, consumer }, work) =>
  tracer.span(
    {
      name: 'handle a message',
      kind: 'consumer',
      from: { traceparent: envelope.traceparent },
      facts: { 'messaging.destination.name': consumer, 'messaging.message.type': envelope.type, 'mailwarden.server': serverOfSource(envelope.source) },
    },
    work,
  );
