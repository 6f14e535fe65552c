import { isFields, type Statement } from './statement.js';

/** Orders whose receipt is waited for; more are not held against their receipts. Keeps memory from growing with the period. */
const OPEN_MAX = 100_000;

interface Ordered {
  readonly server: unknown;
  readonly store: unknown;
  readonly policy: unknown;
}

/** Holds receipts against the orders of the same pack: a receipt tells of the store, the server and the policy of its order. */
export class OrderWatch {
  readonly #open = new Map<unknown, Ordered>();

  /** What does not fit, in words; null where all does, or the order is not in the pack. */
  take({ kind, data }: Statement): string | null {
    if (kind === 'order' && this.#open.size < OPEN_MAX) {
      const facts = isFields(data['facts']) ? data['facts'] : {};
      this.#open.set(data['id'], { server: facts['server'], store: facts['store'], policy: facts['policy'] });
      return null;
    }
    if (kind !== 'receipt') return null;
    const id = data['order'];
    const ordered = this.#open.get(id);
    if (ordered === undefined) return null;
    this.#open.delete(id);
    const odd = (['server', 'store', 'policy'] as const).find((name) => ordered[name] !== data[name]);
    return odd === undefined ? null : `it tells of the ${odd} ${String(data[odd])}, and order ${String(id)} was for ${String(ordered[odd])}`;
  }
}
