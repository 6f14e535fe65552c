import { attempt } from '../attempt.js';

/** What work yields. Errors: throws in the words of `say`, without the driver's own, which may tell of a row. */
export async function answerOf<T>(database: string, work: () => Promise<T>, say: (cause: unknown) => string): Promise<T> {
  const answer = await attempt(work, say);
  if (!answer.ok) throw new Error(`database ${database}: ${answer.error}`);
  return answer.value;
}

/** What work yields; null where it is more than was asked for. */
export async function orTooMany<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof RangeError) return null;
    throw cause;
  }
}
