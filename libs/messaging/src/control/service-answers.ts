import { CHANGING_QUERIES, MESSAGE_TYPES, openEnvelope, PAYLOAD_BYTES_MAX, QUESTION_LIFE_MS, SERVICE_QUERIES, sealEnvelope, serviceSource, type Answer, type Envelope, type ServiceQuery, type TrustAnchors } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { randomUUID } from 'node:crypto';
import { packed, unpacked, UNPACKED_BYTES_MAX } from './packed.js';
import { addressOf, refuse, type AnsweringService, type QueryReply, type QueryRequest } from './service-query.js';

export interface AnswerParts {
  readonly bus: NatsConnection;
  readonly signer: Signer;
  readonly trust: TrustAnchors;
  /** False when a question with this id was taken before, by whichever instance. It is remembered for longer than a question lives. */
  readonly takeOnce: (questionId: string) => Promise<boolean>;
  /** A handler threw. */
  readonly onFailure: (cause: unknown) => void;
  /** A question that nobody who may ask has asked now. */
  readonly onRefused: (refusal: { readonly query: ServiceQuery; readonly code: string; readonly detail: string }) => void;
  /** Units: milliseconds since 1970. */
  readonly now?: () => number;
}

type Handler<Q extends ServiceQuery> = (request: QueryRequest<Q>) => Promise<Answer<QueryReply<Q>>>;
type Taken<Q extends ServiceQuery> = { readonly id: string; readonly request: QueryRequest<Q> } | { readonly id: string; readonly refused: Answer<never> };

/** An id for the answer to what named no question. */
const NO_QUESTION = '00000000-0000-8000-8000-000000000000';

/**
 * Answers questions of the reporting service, and of nobody else. Instances of a service share the questions.
 * Safety: a question counts when the reporting service signed it, for this query, within the last minute; one that changes something counts once. So whoever controls the broker can neither ask nor ask again.
 */
export class ServiceAnswers {
  constructor(
    private readonly service: AnsweringService,
    private readonly parts: AnswerParts,
  ) {}

  /** Answers one kind of question. What is not of the query's form is refused before the handler sees it. */
  serve<Q extends ServiceQuery>(query: Q, handle: Handler<Q>): Subscription {
    const { subject, service } = addressOf(query);
    if (service !== this.service) throw new TypeError(`${query} is a question for the ${service} service`);
    return this.parts.bus.subscribe(subject, {
      queue: query,
      callback: (problem, message) => {
        if (problem === null) this.#reply(query, subject, message.data, handle).then((bytes) => message.respond(bytes)).catch(this.parts.onFailure);
      },
    });
  }

  /** Resolves when the broker knows what is served here, so that who asks from now on is answered. */
  ready = (): Promise<void> => this.parts.bus.flush();

  async #reply<Q extends ServiceQuery>(query: Q, subject: string, bytes: Uint8Array, handle: Handler<Q>): Promise<Uint8Array> {
    const taken = this.#open(query, subject, await unpacked(bytes));
    const sealed = await this.#seal(subject, taken.id, 'refused' in taken ? taken.refused : await this.#answer(query, taken.id, taken.request, handle));
    return sealed ?? (await this.#seal(subject, taken.id, refuse('too-large', `the answer to ${query} is larger than a message may be (${PAYLOAD_BYTES_MAX} bytes, packed); ask for less of it`))) ?? new Uint8Array();
  }

  #open<Q extends ServiceQuery>(query: Q, subject: string, bytes: Uint8Array): Taken<Q> {
    const keyOf = (source: string): string | undefined => (source === serviceSource('reporting') ? this.parts.trust.reporting : undefined);
    const opened = openEnvelope(bytes, { subject, types: { [MESSAGE_TYPES.question]: SERVICE_QUERIES[query].request }, keyOf, bytesMax: UNPACKED_BYTES_MAX });
    if (!opened.ok) return this.#refused(query, NO_QUESTION, opened.error.code, opened.error.detail);
    const { id, time, data } = opened.value as Envelope<QueryRequest<Q>>;
    const agoMs = (this.parts.now ?? Date.now)() - Date.parse(time);
    if (Math.abs(agoMs) > QUESTION_LIFE_MS) return this.#refused(query, id, 'not-of-now', `the question was asked ${Math.round(Math.abs(agoMs) / 1_000)} s ${agoMs > 0 ? 'ago' : 'in the future'} by this service's clock; ${QUESTION_LIFE_MS / 1_000} s are allowed: see that the clocks of both agree`);
    return { id, request: data };
  }

  async #answer<Q extends ServiceQuery>(query: Q, id: string, request: QueryRequest<Q>, handle: Handler<Q>): Promise<Answer<QueryReply<Q>>> {
    try {
      if (CHANGING_QUERIES.has(query) && !(await this.parts.takeOnce(id))) {
        const detail = 'this very question was asked before, and was answered then';
        this.parts.onRefused({ query, code: 'asked-before', detail });
        return refuse('asked-before', detail);
      }
      return await handle(request);
    } catch (cause) {
      this.parts.onFailure(cause);
      return refuse('failed', 'the service could not answer; its log says why');
    }
  }

  #refused(query: ServiceQuery, id: string, code: string, detail: string): { readonly id: string; readonly refused: Answer<never> } {
    this.parts.onRefused({ query, code, detail });
    return { id, refused: refuse(code, detail) };
  }

  #seal(subject: string, question: string, answer: Answer<unknown>): Promise<Uint8Array | null> {
    return packed(JSON.stringify(sealEnvelope(this.parts.signer, { id: randomUUID(), source: serviceSource(this.service), type: MESSAGE_TYPES.answer, time: instantOf((this.parts.now ?? Date.now)()), subject, sequence: 0, data: { question, answer } })));
  }
}
