/** How far a clock may be ahead of the host before age means nothing. Units: milliseconds. */
const AHEAD_MAX_MS = 10 * 60_000;
/** An order is carried out within hours of being made; a host that says "years" has a clock that jumped. Units: milliseconds. */
const ORDER_AGE_MAX_MS = 48 * 3_600_000;

/** Why age-based deletion must not happen by this clock, or null when the clock can be believed. */
export function clockDoubt(clock: { readonly nowMs: number; readonly issuedAtMs: number; readonly newestMs: number | null }): string | null {
  if (clock.issuedAtMs - clock.nowMs > AHEAD_MAX_MS) return 'the clock of the host runs behind the moment the order was made';
  if (clock.nowMs - clock.issuedAtMs > ORDER_AGE_MAX_MS) return 'the clock of the host is days past the moment the order was made';
  if (clock.newestMs !== null && clock.newestMs - clock.nowMs > AHEAD_MAX_MS) return 'the newest item lies in the future of the host, so its age cannot be told';
  return null;
}
