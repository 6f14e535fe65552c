import { ENDPOINT_ADDRESSES_MAX } from './egress-plan.js';
import { addressText, type IpFamily } from './ip-prefix.js';
import { SEEN_SECONDS, type TimedElement } from './transactions.js';

/** How long an address counts that a name resolved to, whatever the answer said. Units: seconds. */
export const NAMED_SECONDS_MIN = 60;
export const NAMED_SECONDS_MAX = 7 * 86_400;

const MS = 1_000;

/**
 * Addresses that names of endpoints resolved to, each with the instant until which it counts. One that no longer counts is known a while longer: what was sent to it must still be told from what nobody declared.
 * Units: instants in epoch milliseconds.
 */
export class NamedAddresses {
  readonly #sets = new Map<string, Map<string, number>>();

  /** Takes one in, or lets it count on; tells for how many seconds. Null where the set has no room: it is bounded, and the caller tells. */
  add(set: string, address: string, seconds: number, nowMs: number): number | null {
    const known = this.#sets.get(set) ?? new Map<string, number>();
    this.#sets.set(set, known);
    if (!known.has(address) && known.size >= ENDPOINT_ADDRESSES_MAX) this.#forgetOld(known, nowMs);
    if (!known.has(address) && known.size >= ENDPOINT_ADDRESSES_MAX) return null;
    const untilMs = Math.max(known.get(address) ?? 0, nowMs + boundedSeconds(seconds) * MS);
    known.set(address, untilMs);
    return Math.ceil((untilMs - nowMs) / MS);
  }

  /** What counts still, as elements of their sets. Only sets that the plan has. */
  counting(sets: readonly string[], nowMs: number): TimedElement[] {
    return sets.flatMap((set) =>
      [...(this.#sets.get(set) ?? [])].flatMap(([element, untilMs]) => {
        const seconds = Math.ceil((untilMs - nowMs) / MS);
        return seconds <= 0 ? [] : [{ set, element, seconds }];
      }),
    );
  }

  /** Whether a destination of the last while may have been this one. */
  knew(set: string, family: IpFamily, address: bigint, nowMs: number): boolean {
    const untilMs = this.#sets.get(set)?.get(addressText(family, address));
    return untilMs !== undefined && untilMs + SEEN_SECONDS * MS > nowMs;
  }

  /** Whether it was ever given, as far as is remembered. */
  has(set: string, address: string): boolean {
    return this.#sets.get(set)?.has(address) === true;
  }

  /** Drops sets that no plan has any more, and what was forgotten. */
  keepOnly(sets: readonly string[], nowMs: number): void {
    const wanted = new Set(sets);
    for (const [name, known] of this.#sets) {
      if (!wanted.has(name)) this.#sets.delete(name);
      for (const [address, untilMs] of known) if (untilMs + SEEN_SECONDS * MS <= nowMs) known.delete(address);
    }
  }

  /** What no longer counts makes room for what does. */
  #forgetOld(known: Map<string, number>, nowMs: number): void {
    for (const [address, untilMs] of known) if (untilMs <= nowMs) known.delete(address);
  }
}

export const boundedSeconds = (seconds: number): number => Math.min(NAMED_SECONDS_MAX, Math.max(NAMED_SECONDS_MIN, Number.isFinite(seconds) ? Math.ceil(seconds) : NAMED_SECONDS_MIN));
