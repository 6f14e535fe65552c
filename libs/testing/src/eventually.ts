/** Between two looks. Units: milliseconds. */
const LOOK_EVERY_MS = 50;

/** Waits until `probe` yields a value; what it throws meanwhile is kept. Polling, because the parts under test are other processes. Errors: throws when the time is up, with what was thrown last. */
export async function eventually<T>(what: string, timeoutMs: number, probe: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (cause) {
      last = cause;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last });
}
