/** An order that nobody carried out by then is void. Units: milliseconds. */
export const ORDER_LIFE_MS = 15 * 60_000;
/** An order taken in its last moment is still being carried out for a while: so long its receipt is waited for. Units: milliseconds. */
export const EXPIRY_GRACE_MS = ORDER_LIFE_MS;
/** On top of an order's own deadline: to start, to end between two items, and to give its account. Units: seconds. */
const DEADLINE_GRACE_S = 300;
/**
 * How long after its expiry an order may still be carried out: whoever took it in its last moment may work for as long as its deadline permits.
 * Shape: SQL, over a row of `rotation.rotation_order`; an interval.
 */
const MAY_RUN_ON = `greatest(interval '${EXPIRY_GRACE_MS} milliseconds', make_interval(secs => coalesce((document #>> '{payload,bounds,deadlineSeconds}')::double precision, 0) + ${DEADLINE_GRACE_S}))`;
/** Whether an order may still be under way at a moment, told or not. Shape: SQL; the moment is the parameter of this number. */
export const mayBeUnderWay = (parameter: number): string => `(state IN ('open', 'expired') AND receipt IS NULL AND expires_at + ${MAY_RUN_ON} > $${parameter}::timestamptz)`;
/** Less of a window than this is left to the next one: an order needs some time to be taken. Units: milliseconds. */
export const WINDOW_LEFT_MS_MIN = 60_000;
