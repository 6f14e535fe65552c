import { waitBefore } from './backoff.js';

/** Whether the service answers and whether its live updates arrive. */
export interface ConnectionState {
  readonly api: 'unasked' | 'here' | 'away';
  readonly stream: 'connecting' | 'live' | 'away';
  /** When a number was last read from the service. Units: epoch milliseconds. */
  readonly answeredAt: number | null;
  /** When the next try is due while something is away. Units: epoch milliseconds. */
  readonly nextTryAt: number | null;
}

const AT_START: ConnectionState = { api: 'unasked', stream: 'connecting', answeredAt: null, nextTryAt: null };
/** `answeredAt` is told at most this often, so that a busy page does not repaint for it. */
const TOLD_EVERY_MS = 2_000;

/** Keeps the one truth about the connection, and goes on trying while the API is away. */
export class Connection {
  #state = AT_START;
  #failures = 0;
  #timer: number | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(private readonly tryAgain: () => void) {}

  readonly state = (): ConnectionState => this.#state;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  answered(): void {
    this.#failures = 0;
    this.#clear();
    const now = Date.now();
    if (this.#state.api === 'here' && this.#state.nextTryAt === null && now - (this.#state.answeredAt ?? 0) < TOLD_EVERY_MS) return;
    this.#set({ api: 'here', answeredAt: now, nextTryAt: null });
  }

  failed(): void {
    if (this.#timer !== null) return;
    this.#failures += 1;
    const wait = waitBefore(this.#failures, Math.random());
    this.#timer = window.setTimeout(() => this.tryNow(), wait);
    this.#set({ api: 'away', nextTryAt: Date.now() + wait });
  }

  readonly tryNow = (): void => {
    this.#clear();
    this.#set({ nextTryAt: null });
    this.tryAgain();
  };

  streaming(stream: ConnectionState['stream']): void {
    if (this.#state.stream !== stream) this.#set({ stream });
  }

  #clear(): void {
    if (this.#timer !== null) window.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #set(part: Partial<ConnectionState>): void {
    this.#state = { ...this.#state, ...part };
    for (const listener of this.#listeners) listener();
  }
}
