import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** The process is held no longer than this at a time, so that a signal is heard. Units: milliseconds. */
const TURN_MS = 20;

/** Does a work that stops now and then, with turns for others in between. */
export async function inTurns<T>(work: Generator<void, T, void>): Promise<T> {
  let sinceMs = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (performance.now() - sinceMs < TURN_MS) continue;
    await turn();
    sinceMs = performance.now();
  }
}

/** Does such a work in one go. */
export function inOneGo<T>(work: Generator<void, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
