import type { ExecutorTask } from '@mailwarden/contracts';
import type { Result } from '@mailwarden/kernel';

/** One call of the executor: what it was told, and how it is told to end between two items. */
export interface ExecutorCall {
  readonly task: ExecutorTask;
  /** When it is told to end, if it has not ended by itself. Units: milliseconds. */
  readonly endAfterMs: number;
  readonly stop: AbortSignal;
}

/** What an executor said, as text, or why nothing. */
export type Said = Result<string, string>;

/** A receipt with its samples and notes is far smaller. Units: characters. */
export const OUTPUT_MAX = 262_144;
/** One that was told to end gets this long for its account; after that it is killed, and its journal tells the next run what it did. Units: milliseconds. */
export const END_MS_MAX = 60_000;
