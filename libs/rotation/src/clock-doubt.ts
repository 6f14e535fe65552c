/** How far two clocks may be apart before age means nothing. Units: milliseconds. */
export const CLOCK_APART_MS_MAX = 10 * 60_000;
/** An order is carried out within hours of being made; a host that says "days later" has a clock that jumped. Units: milliseconds. */
const ORDER_AGE_MS_MAX = 48 * 3_600_000;

/**
 * Why nothing may be deleted because of its age by this clock; null when the clock can be believed.
 * `issuedAtMs` is the moment the order was made, by the clock of whoever made it; `newestMs` the youngest item, which no honest clock puts into the future.
 */
export function clockDoubt(clock: { readonly nowMs: number; readonly issuedAtMs: number; readonly newestMs: number | null }): string | null {
  if (clock.issuedAtMs - clock.nowMs > CLOCK_APART_MS_MAX) return 'the clock of the host runs behind the moment the order was made, so ages cannot be told';
  if (clock.nowMs - clock.issuedAtMs > ORDER_AGE_MS_MAX) return 'the clock of the host is days past the moment the order was made, so ages cannot be told';
  if (clock.newestMs !== null && clock.newestMs - clock.nowMs > CLOCK_APART_MS_MAX) return 'the newest item lies in the future of the host, so ages cannot be told';
  return null;
}
