import { openEnvelope, type ConsumerDefinition, type KeyOf } from '@mailwarden/contracts';
import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { onReconnect } from '../control/reconnects.js';
import { ensureTopology } from '../control/topology.js';
import type { Consumption, Received } from './consumes.js';
import { putAside } from './dead-letters.js';
import { isDependencyAway, Poison, publicReason, RetryLater } from './outcome.js';

/** A message that was put aside, for whoever tells people of it. */
export interface Rejection {
  readonly consumer: string;
  readonly subject: string;
  readonly reason: string;
}

/** The two lines that the transport writes to a log. */
export interface TransportLog {
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

export interface StrategyParts {
  readonly bus: NatsConnection;
  readonly consumers: readonly ConsumerDefinition[];
  readonly keyOf: KeyOf;
  readonly onRejected: (rejection: Rejection) => void;
  readonly log: TransportLog;
}

const PULL_MESSAGES_MAX = 200;
/** Messages whose failures are remembered; more than can be under way at once. */
const FAILURES_MAX = 10_000;
const REOPEN_MS = 1_000;
/** A membership may arrive after the first message of its server. */
const UNKNOWN_ORIGIN_RETRY_MS = 2_000;
const DEPENDENCY_RETRY_MS = 2_000;
const BACKOFF_MS = [200, 1_000, 5_000, 15_000] as const;

/**
 * Nest transport over JetStream: durable pull consumers, one message at a time per consumer, acknowledged after the handler committed.
 * A message that does not verify, or keeps failing, goes to the dead letters; nothing is dropped.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  #closed = false;
  /** Asked after a reconnection: whether the broker still has each consumer. */
  readonly #looks = new Set<() => void>();
  readonly #open = new Set<ConsumerMessages>();
  /** Tries that failed by the message's own fault, by consumer and place in the stream: waiting for a dependency uses up none. */
  readonly #failures = new Map<string, number>();
  readonly #pumps: Promise<void>[] = [];

  constructor(private readonly parts: StrategyParts) {
    super();
  }

  listen(callback: (problem?: unknown) => void): void {
    onReconnect(this.parts.bus, { back: () => this.#looks.forEach((look) => look()) });
    for (const consumer of this.parts.consumers) {
      const handler = this.messageHandlers.get(consumer.name);
      if (handler === undefined) return callback(new Error(`no controller consumes ${consumer.name}`));
      this.#pumps.push(this.#pump(consumer, handler));
    }
    callback();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((messages) => messages.close()));
    await Promise.all(this.#pumps);
  }

  on(): void {
    throw new Error('the JetStream transport has no events of its own');
  }

  unwrap<T>(): T {
    return this.parts.bus as T;
  }

  /** Reads until closed; a broker that lost the consumer gets it anew. */
  async #pump(consumer: ConsumerDefinition, handler: MessageHandler): Promise<void> {
    while (!this.#closed && !this.parts.bus.isClosed()) {
      try {
        await this.#consume(consumer, handler);
      } catch (cause) {
        if (this.#closed) return;
        this.parts.log.warn({ consumer: consumer.name, err: cause }, 'the consumer stopped; it is opened again');
        await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
        await ensureTopology(this.parts.bus).catch(() => undefined);
      }
    }
  }

  /** Takes messages off the wire as they come and handles them one by one: each keeps its time to acknowledge, however long those before it take. */
  async #consume(consumer: ConsumerDefinition, handler: MessageHandler): Promise<void> {
    const source = await jetstream(this.parts.bus).consumers.get(consumer.stream, consumer.name);
    const messages = await source.consume({ max_messages: PULL_MESSAGES_MAX, abort_on_missing_resource: true });
    this.#open.add(messages);
    const look = (): void => void source.info().catch(() => (this.#open.has(messages) ? messages.close() : undefined));
    this.#looks.add(look);
    const waiting: JsMsg[] = [];
    const stillWaiting = setInterval(() => waiting.forEach((message) => message.working()), consumer.ackWaitMs / 3);
    let handling: Promise<void> = Promise.resolve();
    const takeTurn = async (message: JsMsg): Promise<void> => {
      try {
        // What was taken and not begun goes to the next instance at once.
        if (this.#closed) message.nak();
        else await this.#handle(consumer, handler, message);
      } catch (cause) {
        this.parts.log.error({ consumer: consumer.name, err: cause }, 'a message could be neither handled nor given back; it comes again when its time is over');
      }
      waiting.shift();
    };
    try {
      for await (const message of messages) {
        waiting.push(message);
        handling = handling.then(() => takeTurn(message));
      }
    } finally {
      await handling;
      clearInterval(stillWaiting);
      this.#open.delete(messages);
      this.#looks.delete(look);
    }
    if (!this.#closed) throw new Error('the broker no longer has this consumer');
  }

  async #handle(consumer: ConsumerDefinition, handler: MessageHandler, message: JsMsg): Promise<void> {
    const deliveries = message.info.deliveryCount;
    const { types } = handler.extras as Consumption;
    const opened = openEnvelope(message.data, { subject: message.subject, types, keyOf: this.parts.keyOf });
    if (!opened.ok) {
      const { code, detail } = opened.error;
      if (code === 'unknown-origin' && this.#countFailure(consumer, message) < consumer.maxDeliver) return message.nak(UNKNOWN_ORIGIN_RETRY_MS);
      return this.#reject(consumer, message, `${code}: ${detail}`);
    }
    const received: Received<unknown> = { envelope: opened.value, subject: message.subject, streamSequence: message.info.streamSequence, deliveries };
    try {
      await lastValueFrom(this.transformToObservable(await handler(received)), { defaultValue: undefined });
      message.ack();
      this.#failures.delete(this.#placeOf(consumer, message));
    } catch (cause) {
      await this.#failed(consumer, message, cause);
    }
  }

  async #failed(consumer: ConsumerDefinition, message: JsMsg, cause: unknown): Promise<void> {
    if (cause instanceof Poison) return this.#reject(consumer, message, cause.message);
    if (isDependencyAway(cause)) return message.nak(DEPENDENCY_RETRY_MS);
    const failures = this.#countFailure(consumer, message);
    if (failures >= consumer.maxDeliver) {
      return this.#reject(consumer, message, `failed ${failures} times: ${publicReason(cause)}`);
    }
    if (cause instanceof RetryLater) return message.nak(cause.delayMs);
    this.parts.log.error({ consumer: consumer.name, failures, err: cause }, 'a message could not be handled; it comes again');
    message.nak(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1]);
  }

  #placeOf(consumer: ConsumerDefinition, message: JsMsg): string {
    return `${consumer.name} ${message.info.streamSequence} ${message.info.timestampNanos}`;
  }

  #countFailure(consumer: ConsumerDefinition, message: JsMsg): number {
    const place = this.#placeOf(consumer, message);
    const failures = (this.#failures.get(place) ?? 0) + 1;
    if (this.#failures.size >= FAILURES_MAX) this.#failures.clear();
    this.#failures.set(place, failures);
    return failures;
  }

  async #reject(consumer: ConsumerDefinition, message: JsMsg, reason: string): Promise<void> {
    try {
      await putAside(this.parts.bus, consumer.name, message, reason);
    } catch {
      return message.nak(DEPENDENCY_RETRY_MS);
    }
    this.#failures.delete(this.#placeOf(consumer, message));
    this.parts.log.warn({ consumer: consumer.name, subject: message.subject, reason }, 'a message was put aside');
    this.parts.onRejected({ consumer: consumer.name, subject: message.subject, reason });
  }
}
