/** A process that has not ended by then is ended by whoever supervises it. Units: milliseconds. */
const END_MS_MAX = 8_000;

/**
 * Ends the process in order on a signal, and when the supervisor that started it is gone: nothing outlives its runtime.
 * Also tells that supervisor that the process is ready.
 */
export function readyUntilEnded(close: () => Promise<void>): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => {
      process.stderr.write(`the process did not end in order within ${END_MS_MAX} ms and ends now\n`);
      process.exit(1);
    }, END_MS_MAX).unref();
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, end);
  process.on('disconnect', end);
  process.send?.('ready');
}
