/**
 * How the handling of one message ended: its effect is committed, it comes again because it failed or cannot be handled yet, it waits for a dependency, or it was put aside.
 */
export const CONSUMED_OUTCOMES = ['handled', 'retried', 'waits', 'put-aside'] as const;
export type ConsumedOutcome = (typeof CONSUMED_OUTCOMES)[number];

/** Hears of each message that was taken, for whoever counts. */
export type OnConsumed = (consumer: string, outcome: ConsumedOutcome, seconds: number) => void;

/** How one consumer gets on in this process. Instants in milliseconds since 1970. */
export interface ConsumerProgress {
  readonly consumer: string;
  /** Since when the broker has given it nothing because it is not open; null while it is open. */
  readonly closedSinceMs: number | null;
  /** Since when the message at hand is being handled; null while there is none. */
  readonly handlingSinceMs: number | null;
  /** Taken off the wire and not handled yet. */
  readonly waiting: number;
}

/** Keeps how one consumer gets on. */
export class ProgressNote {
  #closedSinceMs: number | null = Date.now();
  #handlingSinceMs: number | null = null;
  waiting = 0;

  constructor(private readonly consumer: string) {}

  opened(): void {
    this.#closedSinceMs = null;
  }

  closed(): void {
    this.#closedSinceMs ??= Date.now();
    this.#handlingSinceMs = null;
  }

  begun(): void {
    this.#handlingSinceMs = Date.now();
  }

  /** Units: seconds since it was begun. */
  done(): number {
    const seconds = this.#handlingSinceMs === null ? 0 : (Date.now() - this.#handlingSinceMs) / 1_000;
    this.#handlingSinceMs = null;
    return seconds;
  }

  read(): ConsumerProgress {
    return { consumer: this.consumer, closedSinceMs: this.#closedSinceMs, handlingSinceMs: this.#handlingSinceMs, waiting: this.waiting };
  }
}
