import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { orderConsumer } from '@mailwarden/contracts';
import { onReconnect } from '../control/reconnects.js';

/** What may be said of a delivered order. */
export interface Delivery {
  ack(): Promise<void>;
  /** Comes again after so long. */
  retry(delayMs: number): Promise<void>;
  /** Never comes again. */
  terminate(): Promise<void>;
  /** Still at it: the time to acknowledge starts anew. */
  working(): Promise<void>;
}

/** Inboxes of one server's agent: no other agent may listen to them. */
export const inboxPrefixOf = (server: string): string => `_INBOX.${server}`;

export type OrderHandler = (bytes: Uint8Array, delivery: Delivery) => Promise<void>;

/** One request waits so long for an order; then it is asked again. Units: milliseconds. */
const PULL_MS = 20_000;
const PULL_GRACE_MS = 2_000;
const PAUSE_MS = 1_000;
const NANOSECONDS = 1_000_000;

/** Pulls one order at a time from the server's own durable consumer, which lies in the control account. */
export class OrderPull {
  readonly #subject: string;
  readonly #inboxPrefix: string;
  #stopped = false;
  #subscription: Subscription | null = null;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly bus: NatsConnection,
    server: string,
    private readonly handle: OrderHandler,
  ) {
    this.#inboxPrefix = inboxPrefixOf(server);
    const { stream, name } = orderConsumer(server);
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`;
  }

  start(): void {
    // The broker forgets a waiting request when it goes: without this, an order would wait until the request runs out.
    onReconnect(this.bus, { back: () => this.#subscription?.unsubscribe() });
    this.#loop = this.#run();
  }

  /** Waits for the order at hand, not for the next one. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#subscription?.unsubscribe();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped && !this.bus.isClosed()) {
      const message = await this.#next();
      if (message === null) continue;
      try {
        await this.handle(message.data, this.#delivery(message));
      } catch {
        await this.#delivery(message).retry(PAUSE_MS);
      }
    }
  }

  /** The next order, or null when none came in time. An empty status message means "none now"; asking again is all there is to do. */
  async #next(): Promise<Msg | null> {
    const inbox = createInbox(this.#inboxPrefix);
    const subscription = this.bus.subscribe(inbox, { max: 1, timeout: PULL_MS + PULL_GRACE_MS });
    this.#subscription = subscription;
    try {
      this.bus.publish(this.#subject, JSON.stringify({ batch: 1, expires: PULL_MS * NANOSECONDS }), { reply: inbox });
      for await (const message of subscription) {
        const status = message.headers?.code ?? 0;
        if (status === 0 && message.reply !== undefined && message.reply !== '') return message;
        // 408 is a request that ran out; anything else (no consumer yet, no responders) wants a pause.
        if (status !== 408) await this.#pause();
        return null;
      }
    } catch {
      if (!this.#stopped) await this.#pause();
    } finally {
      subscription.unsubscribe();
    }
    return null;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  #delivery(message: Msg): Delivery {
    const say = (word: string): Promise<void> => {
      if (!this.bus.isClosed() && message.reply !== undefined) this.bus.publish(message.reply, word);
      return Promise.resolve();
    };
    return {
      ack: () => say('+ACK'),
      retry: (delayMs) => say(`-NAK ${JSON.stringify({ delay: delayMs * NANOSECONDS })}`),
      terminate: () => say('+TERM'),
      working: () => say('+WPI'),
    };
  }
}
