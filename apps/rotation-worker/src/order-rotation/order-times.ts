/** An order that nobody carried out by then is void. Units: milliseconds. */
export const ORDER_LIFE_MS = 15 * 60_000;
/** An order taken in its last moment is still being carried out for a while: so long its receipt is waited for. Units: milliseconds. */
export const EXPIRY_GRACE_MS = ORDER_LIFE_MS;
/** Less of a window than this is left to the next one: an order needs some time to be taken. Units: milliseconds. */
export const WINDOW_LEFT_MS_MIN = 60_000;
