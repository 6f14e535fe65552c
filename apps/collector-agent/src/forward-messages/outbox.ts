import { instantOf, type Instant } from '@mailwarden/kernel';
import type { AgentBus, Spool } from '@mailwarden/messaging';
import { SpoolUnreadable } from '@mailwarden/messaging/agent-side';
import type { Logger } from '@mailwarden/observability';

/** One thing to say, before it is numbered and sealed. Evidence is never dropped; measurements are thinned first. */
export interface OutgoingMessage {
  readonly class: 'evidence' | 'measurement';
  readonly subject: string;
  readonly type: string;
  readonly data: unknown;
}

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 15_000;

/** Everything that the agent says durably goes to disk first, and from there to the bus when it is reachable. */
export class Outbox {
  #bus: AgentBus | null = null;
  #draining: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;
  #retryMs = RETRY_MS_MIN;
  #stopped = false;
  #sentAt: Instant | null = null;

  constructor(
    private readonly spool: Spool,
    private readonly log: Logger,
  ) {}

  /** Returns when the message is on disk. */
  async append(message: OutgoingMessage): Promise<void> {
    await this.spool.append(message);
    this.kick();
  }

  connect(bus: AgentBus): void {
    this.#bus = bus;
    this.kick();
  }

  status(): ReturnType<Spool['status']> {
    return this.spool.status();
  }

  /** When the bus last took a message. */
  get sentAt(): Instant | null {
    return this.#sentAt;
  }

  /** Starts to send what waits, unless that is under way. */
  kick(): void {
    if (this.#stopped || this.#bus === null) return;
    if (this.#draining !== null) {
      this.#again = true;
      return;
    }
    const bus = this.#bus;
    this.#draining = this.#drain(bus).finally(() => {
      this.#draining = null;
      if (this.#again) {
        this.#again = false;
        this.kick();
      }
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#draining;
  }

  async #drain(bus: AgentBus): Promise<void> {
    try {
      await this.spool.drain(async (message) => {
        await bus.publishDurable(message.subject, message.id, message.bytes);
        this.#sentAt = instantOf(Date.now());
      });
      this.#retryMs = RETRY_MS_MIN;
    } catch (cause) {
      if (cause instanceof SpoolUnreadable) this.log.error({ err: cause, retryMs: this.#retryMs }, 'a message on disk cannot be read; it waits there, and the others go out');
      else this.log.debug({ err: cause, retryMs: this.#retryMs }, 'the bus did not take a message; it waits on disk');
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.kick(), this.#retryMs * (0.5 + Math.random()));
      this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    }
  }
}
