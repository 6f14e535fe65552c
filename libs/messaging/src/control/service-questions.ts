import { randomUUID } from 'node:crypto';
import { answerPaper, MESSAGE_TYPES, openEnvelope, PAYLOAD_BYTES_MAX, SERVICE_QUERIES, sealEnvelope, serviceSource, type Answer, type ServiceQuery, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import { RequestError, type NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import { packed, unpacked, UNPACKED_BYTES_MAX } from './packed.js';
import { addressOf, refuse, type QueryReply } from './service-query.js';

/** Thrown where nobody took a question: nothing was done. */
export class NobodyAnswers extends Error {
  constructor(query: ServiceQuery) {
    super(`nobody is there who answers ${query}`);
  }
}

export interface QuestionParts {
  readonly bus: NatsConnection;
  /** The reporting service's: in its name alone are other services asked. */
  readonly signer: Signer;
  readonly trust: TrustAnchors;
}

/** Asks other services. Safety: a question says by its signature who asks, and an answer who gives it and to what, so that the broker can keep one back and change none. */
export class ServiceQuestions {
  constructor(private readonly parts: QuestionParts) {}

  /**
   * Errors: `NobodyAnswers` when nobody took the question; rejects when no answer came in time, and it may have been acted on.
   * An answer with the code `bad-reply` when it is not of the service, or has another form.
   */
  async ask<Q extends ServiceQuery>(query: Q, request: z.input<(typeof SERVICE_QUERIES)[Q]['request']>, { timeoutMs }: { readonly timeoutMs: number }): Promise<Answer<QueryReply<Q>>> {
    const { bus, signer } = this.parts;
    const { service, subject } = addressOf(query);
    const id = randomUUID();
    const question = await packed(JSON.stringify(sealEnvelope(signer, { id, source: serviceSource('reporting'), type: MESSAGE_TYPES.question, time: instantOf(Date.now()), subject, sequence: 0, data: request })));
    if (question === null) return refuse('question-too-large', `what is asked is larger than a message may be (${PAYLOAD_BYTES_MAX} bytes); ask for it in parts`);
    const reply = await bus.request(subject, question, { timeout: timeoutMs }).catch((cause: unknown) => {
      throw cause instanceof RequestError && cause.isNoResponders() ? new NobodyAnswers(query) : cause;
    });
    return this.#read(query, service, subject, id, await unpacked(reply.data));
  }

  #read<Q extends ServiceQuery>(query: Q, service: 'consent' | 'rotation', subject: string, question: string, bytes: Uint8Array): Answer<QueryReply<Q>> {
    const keyOf = (source: string): string | undefined => (source === serviceSource(service) ? this.parts.trust[service] : undefined);
    const opened = openEnvelope(bytes, { subject, types: { [MESSAGE_TYPES.answer]: answerPaper(SERVICE_QUERIES[query].reply) }, keyOf, bytesMax: UNPACKED_BYTES_MAX });
    if (!opened.ok) return refuse('bad-reply', `the answer to ${query} cannot be relied on (${opened.error.code}: ${opened.error.detail}); look whether it was done before you ask again`);
    if (opened.value.data.question !== question) return refuse('bad-reply', `the answer to ${query} is that to another question; look whether it was done before you ask again`);
    return opened.value.data.answer as Answer<QueryReply<Q>>;
  }
}
