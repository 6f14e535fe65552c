const FIRST_MS = 250;
const DOUBLINGS_MAX = 20;

/**
 * How long to wait before the next try: twice as long each time, half of it by chance, so that forwarders do not come back all at once.
 * A receiver's own wish counts, up to the limit. Units: milliseconds. `chance` is from 0 up to 1.
 */
export function pauseBefore(tries: number, wishMs: number | undefined, retryMsMax: number, chance: number): number {
  const grown = Math.min(retryMsMax, FIRST_MS * 2 ** Math.min(tries, DOUBLINGS_MAX));
  const spread = grown / 2 + (grown / 2) * chance;
  return Math.min(retryMsMax, Math.max(spread, wishMs ?? 0));
}
