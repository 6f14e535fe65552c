import { STREAMS } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const PULL_MESSAGES_MAX = 200;
/** How long the broker keeps a pull open, also one of a forwarder that is gone. */
const PULL_MS = 2_000;
/** What is given back comes when no pull of ours is open any more: the broker would give it to that one, and to nobody. */
const GIVEN_BACK_MS = PULL_MS + 1_000;
const REOPEN_MS = 1_000;
/** Messages that wait for their turn are told to the broker as still under way, well within its patience. */
const STILL_WAITING_MS = 10_000;

/** Events as they come from the durable consumer; what is taken and not answered comes again. */
export class EventIntake {
  readonly #waiting: JsMsg[] = [];
  readonly #underWay = new Set<JsMsg>();
  #wake: () => void = () => undefined;
  #open: ConsumerMessages | null = null;
  #closed = false;
  readonly #pumped: Promise<void>;
  readonly #stillWaiting: NodeJS.Timeout;

  constructor(private readonly parts: { readonly bus: NatsConnection; readonly name: string; readonly log: Logger }) {
    this.#stillWaiting = setInterval(() => [...this.#waiting, ...this.#underWay].forEach((message) => message.working()), STILL_WAITING_MS);
    this.#pumped = this.#pump();
  }

  /** Waits for at least one, and gives no more than `most`; none when the intake was closed. */
  async take(most: number): Promise<JsMsg[]> {
    while (this.#waiting.length === 0 && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    const taken = this.#closed ? [] : this.#waiting.splice(0, most);
    for (const message of taken) this.#underWay.add(message);
    return taken;
  }

  /** To be called when a message was answered. */
  done(message: JsMsg): void {
    this.#underWay.delete(message);
  }

  /** Gives back what waits, so that it comes again soon and not when its time is over. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#stillWaiting);
    this.#wake();
    await this.#open?.close();
    await this.#pumped;
    for (const message of [...this.#waiting, ...this.#underWay]) message.nak(GIVEN_BACK_MS);
    await this.parts.bus.flush().catch(() => undefined);
  }

  async #pump(): Promise<void> {
    const { bus, name, log } = this.parts;
    while (!this.#closed && !bus.isClosed()) {
      try {
        const consumer = await jetstream(bus).consumers.get(STREAMS.EVENTS.name, name);
        this.#open = await consumer.consume({ max_messages: PULL_MESSAGES_MAX, expires: PULL_MS, abort_on_missing_resource: true });
        for await (const message of this.#open) {
          this.#waiting.push(message);
          this.#wake();
        }
      } catch (cause) {
        if (!this.#closed) log.warn({ consumer: name, err: cause }, 'events cannot be read; trying again');
      }
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }
}
