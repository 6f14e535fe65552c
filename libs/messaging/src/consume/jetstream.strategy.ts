import { CONSUMERS, openEnvelope, replayConsumer, STREAMS, type ConsumerDefinition, type Envelope, type KeyOf } from '@mailwarden/contracts';
import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { onReconnect } from '../control/reconnects.js';
import { ensureTopology } from '../control/topology.js';
import { ProgressNote, type ConsumedOutcome, type ConsumerProgress, type OnConsumed } from './consumer-watch.js';
import type { Consumption, Received, ReceivedBytes } from './consumes.js';
import { putAside, replayOf, tellSettled } from './dead-letters.js';
import { isDependencyAway, Poison, publicReason, RetryLater, waitMs } from './outcome.js';

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

/** Does the work of one message inside something, as a span of its trace. Errors: those of the work, unchanged. */
export type AroundHandling = (message: { readonly envelope: Envelope; readonly consumer: string }, work: () => Promise<void>) => Promise<void>;

export interface StrategyParts {
  readonly bus: NatsConnection;
  readonly consumers: readonly ConsumerDefinition[];
  readonly keyOf: KeyOf;
  readonly onRejected?: (rejection: Rejection) => void;
  readonly onConsumed?: OnConsumed;
  readonly around?: AroundHandling;
  readonly log: TransportLog;
}

const PULL_MESSAGES_MAX = 200;
/** Messages whose failures are remembered; more than can be under way at once. */
const FAILURES_MAX = 10_000;
const REOPEN_MS = 1_000;
/** A membership may arrive after the first message of its server. */
const UNKNOWN_ORIGIN_RETRY_MS = 2_000;
const DEPENDENCY_RETRY_MS = 2_000;
/** That a consumer's messages wait is said again no sooner than this. */
const RETELL_AFTER_MS = 60_000;
const BACKOFF_MS = [200, 1_000, 5_000, 15_000] as const;

/** One durable consumer with its handler: where messages come first, or where they are given once more. */
interface Lane {
  readonly consumer: ConsumerDefinition;
  /** Name that the handler goes by, and dead letters with it. */
  readonly owner: string;
  readonly handler: MessageHandler;
  readonly note: ProgressNote;
}

/**
 * Nest transport over JetStream: durable pull consumers, one message at a time per consumer, acknowledged after the handler committed.
 * A message that does not verify, or keeps failing, goes to the dead letters; nothing is dropped. What is given once more from there comes by a consumer of its own and meets the same checks.
 */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  #closed = false;
  /** Asked after a reconnection: whether the broker still has each consumer. */
  readonly #looks = new Set<() => void>();
  readonly #open = new Set<ConsumerMessages>();
  /** Tries that failed by the message's own fault, by consumer and place in the stream: waiting for a dependency uses up none. */
  readonly #failures = new Map<string, number>();
  readonly #lanes: Lane[] = [];
  readonly #pumps: Promise<void>[] = [];
  /** When it was last said of a consumer that its messages wait. */
  readonly #toldOfWaiting = new Map<string, number>();

  constructor(private readonly parts: StrategyParts) {
    super();
  }

  listen(callback: (problem?: unknown) => void): void {
    onReconnect(this.parts.bus, { back: () => this.#looks.forEach((look) => look()) });
    for (const consumer of this.parts.consumers) {
      const handler = this.messageHandlers.get(consumer.name);
      if (handler === undefined) return callback(new Error(`no controller consumes ${consumer.name}`));
      const lanes = consumer.name in CONSUMERS && consumer.stream !== STREAMS.DEAD.name ? [consumer, replayConsumer(consumer.name)] : [consumer];
      for (const lane of lanes) this.#lanes.push({ consumer: lane, owner: consumer.name, handler, note: new ProgressNote(lane.name) });
    }
    for (const lane of this.#lanes) this.#pumps.push(this.#pump(lane));
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

  /** How each consumer gets on, for whoever asks whether the service does its work. */
  progress(): ConsumerProgress[] {
    return this.#lanes.map(({ note }) => note.read());
  }

  /** Reads until closed; a broker that lost the consumer gets it anew. */
  async #pump(lane: Lane): Promise<void> {
    while (!this.#closed && !this.parts.bus.isClosed()) {
      try {
        await this.#consume(lane);
      } catch (cause) {
        lane.note.closed();
        if (this.#closed) return;
        this.parts.log.warn({ consumer: lane.consumer.name, err: cause }, 'the consumer stopped; it is opened again');
        await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
        await ensureTopology(this.parts.bus).catch(() => undefined);
      }
    }
  }

  /** Takes messages off the wire as they come and handles them one by one: each keeps its time to acknowledge, however long those before it take. */
  async #consume(lane: Lane): Promise<void> {
    const { consumer, note } = lane;
    const source = await jetstream(this.parts.bus).consumers.get(consumer.stream, consumer.name);
    const messages = await source.consume({ max_messages: PULL_MESSAGES_MAX, abort_on_missing_resource: true });
    this.#open.add(messages);
    note.opened();
    const look = (): void => void source.info().catch(() => (this.#open.has(messages) ? messages.close() : undefined));
    this.#looks.add(look);
    const waiting: JsMsg[] = [];
    const stillWaiting = setInterval(() => waiting.forEach((message) => message.working()), consumer.ackWaitMs / 3);
    let handling: Promise<void> = Promise.resolve();
    const takeTurn = async (message: JsMsg): Promise<void> => {
      await this.#takeTurn(lane, message);
      waiting.shift();
      note.waiting = waiting.length;
    };
    try {
      for await (const message of messages) {
        waiting.push(message);
        note.waiting = waiting.length;
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

  async #takeTurn(lane: Lane, message: JsMsg): Promise<void> {
    try {
      // What was taken and not begun goes to the next instance at once.
      if (this.#closed) return message.nak();
      lane.note.begun();
      const outcome = await this.#handle(lane, message);
      this.parts.onConsumed?.(lane.owner, outcome, lane.note.done());
    } catch (cause) {
      lane.note.done();
      this.parts.log.error({ consumer: lane.consumer.name, err: cause }, 'a message could be neither handled nor given back; it comes again when its time is over');
    }
  }

  async #handle(lane: Lane, message: JsMsg): Promise<ConsumedOutcome> {
    const { consumer, owner } = lane;
    const { types } = lane.handler.extras as Consumption;
    const subject = replayOf(message)?.subject ?? message.subject;
    const place = { subject, streamSequence: message.info.streamSequence };
    if (types === null) return this.#run(lane, message, { ...place, bytes: message.data }, (work) => work());
    const opened = openEnvelope(message.data, { subject, types, keyOf: this.parts.keyOf });
    if (!opened.ok) {
      const { code, detail } = opened.error;
      if (code === 'unknown-origin' && this.#countFailure(consumer, message) < consumer.maxDeliver) {
        message.nak(UNKNOWN_ORIGIN_RETRY_MS);
        return 'retried';
      }
      return this.#reject(lane, message, `${code}: ${detail}`);
    }
    const envelope = opened.value;
    const { around } = this.parts;
    return this.#run(lane, message, { ...place, envelope, deliveries: message.info.deliveryCount }, (work) => (around === undefined ? work() : around({ envelope, consumer: owner }, work)));
  }

  async #run(lane: Lane, message: JsMsg, received: Received<unknown> | ReceivedBytes, inside: (work: () => Promise<void>) => Promise<void>): Promise<ConsumedOutcome> {
    try {
      await inside(async () => {
        await lastValueFrom(this.transformToObservable(await lane.handler(received)), { defaultValue: undefined });
      });
    } catch (cause) {
      return this.#failed(lane, message, cause);
    }
    return this.#done(lane, message);
  }

  /** A replay is gone from its consumer only when it is known that its dead letter waits no more. */
  async #done({ consumer, owner }: Lane, message: JsMsg): Promise<ConsumedOutcome> {
    const replay = replayOf(message);
    try {
      if (replay !== null) await tellSettled(this.parts.bus, owner, replay);
    } catch {
      message.nak(DEPENDENCY_RETRY_MS);
      return 'waits';
    }
    message.ack();
    this.#failures.delete(this.#placeOf(consumer, message));
    return 'handled';
  }

  async #failed(lane: Lane, message: JsMsg, cause: unknown): Promise<ConsumedOutcome> {
    const { consumer } = lane;
    if (cause instanceof Poison) return this.#reject(lane, message, cause.message);
    if (isDependencyAway(cause)) return this.#wait(consumer, message, cause);
    const failures = this.#countFailure(consumer, message);
    if (failures >= consumer.maxDeliver) return this.#reject(lane, message, `failed ${failures} times: ${publicReason(cause)}`);
    if (cause instanceof RetryLater) message.nak(cause.delayMs);
    else {
      this.parts.log.error({ consumer: consumer.name, failures, err: cause }, 'a message could not be handled; it comes again');
      message.nak(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length) - 1]);
    }
    return 'retried';
  }

  #wait(consumer: ConsumerDefinition, message: JsMsg, cause: unknown): ConsumedOutcome {
    const nowMs = performance.now();
    message.nak(waitMs(message.info.deliveryCount));
    if (nowMs - (this.#toldOfWaiting.get(consumer.name) ?? -RETELL_AFTER_MS) < RETELL_AFTER_MS) return 'waits';
    this.#toldOfWaiting.set(consumer.name, nowMs);
    this.parts.log.warn({ consumer: consumer.name, deliveries: message.info.deliveryCount, err: cause }, 'a dependency is away; its messages wait and come again');
    return 'waits';
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

  async #reject({ consumer, owner }: Lane, message: JsMsg, reason: string): Promise<ConsumedOutcome> {
    // A dead letter that cannot be kept is not put aside among the dead letters, from where it would come again for ever. The stream has it all the same.
    if (consumer.stream === STREAMS.DEAD.name) {
      this.parts.log.error({ consumer: owner, reason }, 'a dead letter could not be kept in the list; it stays in the stream');
      message.term();
      return 'put-aside';
    }
    try {
      await putAside(this.parts.bus, owner, message, reason);
    } catch {
      message.nak(DEPENDENCY_RETRY_MS);
      return 'waits';
    }
    this.#failures.delete(this.#placeOf(consumer, message));
    this.parts.log.warn({ consumer: owner, subject: message.subject, reason }, 'a message was put aside');
    this.parts.onRejected?.({ consumer: owner, subject: message.subject, reason });
    return 'put-aside';
  }
}
