import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { CLOCK_APART_MS_MAX } from '@mailwarden/rotation';

/** How long an order may take, by a clock that does not jump, and whether one that does may end it. */
export interface Patience {
  readonly startedMonotonicMs: number;
  readonly startedMs: number;
  readonly deadlineSeconds: number;
  readonly now: () => number;
  /** Age is what asks for deletion: then the clock on the wall must go as the other one does. */
  readonly byAge: boolean;
  /** Whoever started the order wants it to end, as for a hold that is newer. */
  readonly stop: AbortSignal | null;
}

/** Why an order must stop here, between two effects; null when it may go on. */
export function outOfPatience({ startedMonotonicMs, startedMs, deadlineSeconds, now, byAge, stop }: Patience): string | null {
  if (stop?.aborted === true) return String(stop.reason);
  const passedMs = performance.now() - startedMonotonicMs;
  if (passedMs >= deadlineSeconds * 1000) return `the time of ${deadlineSeconds} s ran out`;
  const apartMs = Math.abs(now() - startedMs - passedMs);
  return byAge && apartMs > CLOCK_APART_MS_MAX ? 'the clock of the host jumped while the order was carried out, so ages cannot be told' : null;
}

/** What is left of an order's own time. Units: milliseconds. */
const leftMsOf = ({ startedMonotonicMs, deadlineSeconds }: Patience): number => Math.max(0, deadlineSeconds * 1000 - (performance.now() - startedMonotonicMs));

/** What ends a batch on its way, between two of its items. */
export interface Ending {
  /** Why nothing more may go; null where it may. Once there is a reason it stays. */
  readonly stopped: () => string | null;
  /** No rest takes longer. Units: milliseconds. */
  readonly leftMs: () => number;
}

/** Of what must come to its end, whatever comes. */
export const NO_END: Ending = { stopped: () => null, leftMs: () => Infinity };

export function endingOf(patience: Patience): Ending {
  let reason: string | null = null;
  return { stopped: () => (reason ??= outOfPatience(patience)), leftMs: () => leftMsOf(patience) };
}

/** Waits, unless whoever started the order wants it to end; and never beyond the order's own time. Units: milliseconds. */
export async function pauseWithin(patience: Patience, ms: number): Promise<void> {
  const { stop } = patience;
  await wait(Math.min(ms, leftMsOf(patience)), undefined, stop === null ? {} : { signal: stop }).catch(() => undefined);
}
