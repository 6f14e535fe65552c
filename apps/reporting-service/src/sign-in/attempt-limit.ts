import { isIPv6 } from 'node:net';

const WINDOW_MS = 5 * 60_000;
const ATTEMPTS_MAX = 10;
const ADDRESSES_MAX = 10_000;

/** Whoever has one address of IPv6 has the 2^64 beside it: they count as one. */
const sourceOf = (address: string): string => (isIPv6(address) && !address.startsWith('::ffff:') ? networkOf(address) : address);

/** The first four groups, also where zeros were left out. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const [first, last] = [head.split(':').filter((group) => group !== ''), tail?.split(':').filter((group) => group !== '') ?? []];
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

/** Slows down whoever tries to guess: so many failures of one address, then a wait. */
export class AttemptLimit {
  readonly #failures = new Map<string, { count: number; since: number }>();

  /** Units: seconds to wait before the next try; 0 when it may be made now. */
  waitSeconds(address: string, nowMs: number): number {
    const known = this.#failures.get(sourceOf(address));
    if (known === undefined || nowMs - known.since >= WINDOW_MS || known.count < ATTEMPTS_MAX) return 0;
    return Math.ceil((known.since + WINDOW_MS - nowMs) / 1000);
  }

  failed(address: string, nowMs: number): void {
    const known = this.#failures.get(sourceOf(address));
    if (known !== undefined && nowMs - known.since < WINDOW_MS) {
      known.count += 1;
      return;
    }
    // The longest known goes, not all: otherwise many addresses would free a guesser of the wait.
    this.#failures.delete(sourceOf(address));
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size < ADDRESSES_MAX) break;
      this.#failures.delete(oldest);
    }
    this.#failures.set(sourceOf(address), { count: 1, since: nowMs });
  }

  succeeded(address: string): void {
    this.#failures.delete(sourceOf(address));
  }
}
