import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { PlainStore } from '../fault/plain-store.js';
import { judgeCase, type Tally } from './judge-case.js';
import { rotationCase } from './random-case.js';

/** Thousands of small stores are made: in memory where that can be had. */
const QUICK = '/dev/shm';

export interface ModelResult {
  readonly cases: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** The smallest case that went wrong, and how; null when none did. */
  readonly failure: string | null;
}

/** Compares the engine with the reference model on so many random cases, or until the time is over. `smallest`: what goes wrong is made as small as it can be, which takes its time. */
export async function runModel({ cases, seed, untilMs, smallest = true }: { readonly cases: number; readonly seed: number; readonly untilMs: number; readonly smallest?: boolean }): Promise<ModelResult> {
  const host = PlainStore.make('model', existsSync(QUICK) ? QUICK : undefined);
  const tally: Tally = new Map();
  const property = fc.asyncProperty(rotationCase, async (given) => {
    const wrong = await judgeCase(host, given, tally);
    if (wrong.length > 0) throw new Error(wrong.join('; '));
  });
  try {
    const run = await fc.check(property, { numRuns: cases, seed, interruptAfterTimeLimit: Math.max(1, untilMs - Date.now()), markInterruptAsFailure: false, endOnFailure: !smallest });
    const failure = run.failed && run.counterexample !== null ? `after ${run.numRuns} cases: ${String(run.errorInstance)}\n${JSON.stringify(run.counterexample?.[0])}` : null;
    return { cases: run.numRuns, outcomes: Object.fromEntries(tally), failure };
  } finally {
    host.remove();
  }
}
