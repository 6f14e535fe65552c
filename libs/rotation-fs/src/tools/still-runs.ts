import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

const LOOK_AGAIN_MS = 100;

/** Whether a process runs with exactly these arguments. */
function runs(argv: readonly string[]): boolean {
  const wanted = `${argv.join('\0')}\0`;
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1') === wanted;
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

/** Waits for a tool that a killed executor left behind: what it did can be told only when it does nothing more. Errors: throws when it does not end; the order then stays open. */
export async function awaitEnd(argv: readonly string[], timeoutMs: number): Promise<void> {
  for (let waitedMs = 0; runs(argv); waitedMs += LOOK_AGAIN_MS) {
    if (waitedMs >= timeoutMs) throw new Error(`${argv[0] ?? ''} of an earlier run still works; wait for it to end`);
    await after(LOOK_AGAIN_MS);
  }
}
