const WINDOW_MS = 5 * 60_000;
const ATTEMPTS_MAX = 10;
const ADDRESSES_MAX = 10_000;

/** Slows down whoever tries to guess: so many failures of one address, then a wait. */
export class AttemptLimit {
  readonly #failures = new Map<string, { count: number; since: number }>();

  /** Units: seconds to wait before the next try; 0 when it may be made now. */
  waitSeconds(address: string, nowMs: number): number {
    const known = this.#failures.get(address);
    if (known === undefined || nowMs - known.since >= WINDOW_MS || known.count < ATTEMPTS_MAX) return 0;
    return Math.ceil((known.since + WINDOW_MS - nowMs) / 1000);
  }

  failed(address: string, nowMs: number): void {
    const known = this.#failures.get(address);
    if (known !== undefined && nowMs - known.since < WINDOW_MS) {
      known.count += 1;
      return;
    }
    if (this.#failures.size >= ADDRESSES_MAX) this.#failures.clear();
    this.#failures.set(address, { count: 1, since: nowMs });
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }
}
