import { attempt } from '../attempt.js';

/** What work yields. Errors: throws in the words of `say`, without the driver's own, which may tell of a row. */
export async function answerOf<T>(database: string, work: () => Promise<T>, say: (cause: unknown) => string): Promise<T> {
  const answer = await attempt(work, say);
  if (!answer.ok) throw new Error(`database ${database}: ${answer.error}`);
  return answer.value;
}
