import { err, ok, type Result } from '@mailwarden/kernel';
import { NotPlainName } from './relation-names.js';

/** What work yields, or why it failed, in the words of `say`. */
export async function attempt<T>(work: () => Promise<T>, say: (cause: unknown) => string): Promise<Result<T, string>> {
  try {
    return ok(await work());
  } catch (cause) {
    if (cause instanceof NotPlainName) throw cause;
    return err(cause instanceof RangeError ? cause.message : say(cause));
  }
}

/** Thrown when an answer did not come in time. */
class TooLate extends Error {
  readonly code = 'ETIMEDOUT';
}

/** Waits for `work` no longer than `timeoutMs`; then `giveUp` ends what it waits for. Errors: throws what `work` throws, or with the code ETIMEDOUT. */
export async function within<T>(timeoutMs: number, work: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new TooLate('no answer in time')); // First: giving up may fail the work, for a reason that tells less.
      giveUp();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // It may fail after we stopped waiting for it.
  }
}
