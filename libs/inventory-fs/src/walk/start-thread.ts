import { Worker } from 'node:worker_threads';
import type { ThreadStart } from './thread-messages.js';

/** Suites run from source; a thread of theirs needs what reads it. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = new URL(FROM_SOURCE ? './walk-thread.ts' : './walk-thread.js', import.meta.url);
const SOURCE_READER = new URL('../../../../scripts/from-source.mjs', import.meta.url);

/** A walk keeps little: sums, and lines for the memory. Without bounds the engine would take what it finds. Units: MiB. */
const HEAP_MIB_MAX = { young: 8, old: 256 } as const;

/** Starts a thread that walks. */
export function startThread(start: ThreadStart): Worker {
  return new Worker(ENTRY, {
    workerData: start,
    execArgv: FROM_SOURCE ? ['--import', SOURCE_READER.href] : [],
    resourceLimits: { maxYoungGenerationSizeMb: HEAP_MIB_MAX.young, maxOldGenerationSizeMb: HEAP_MIB_MAX.old },
    trackUnmanagedFds: false,
  });
}
