import type { LicenceState } from './profile.js';

const ACTIVE = 'active';
const EXPIRED = 'expired';

/** What a product tells of its licence. */
export interface ToldLicence {
  /** As the profile's reading yields it: the id of a state, or the part of one that goes for every type, as `expired`. */
  readonly status: string;
  /** As `commercial` or `trial`; null where it is not told. */
  readonly kind: string | null;
  /** Units: milliseconds since 1970; null where it is not told. */
  readonly expiresAtMs: number | null;
}

/**
 * The state of a licence by the profile's own list. What the end of a key means depends on its type, so that `expired` of type `trial` is `trial-expired`,
 * and so is what a product still calls active after its end. A status that fits no state stays as it was told.
 */
export function licenceState(states: readonly LicenceState[], { status, kind, expiresAtMs }: ToldLicence, nowMs: number): string {
  const over = expiresAtMs !== null && expiresAtMs <= nowMs;
  const told = status === ACTIVE && over ? EXPIRED : status;
  const named = (id: string): boolean => states.some((state) => state.id === id);
  const ofKind = `${kind ?? ''}-${told}`;
  return named(ofKind) ? ofKind : named(told) || told !== EXPIRED ? told : status;
}
