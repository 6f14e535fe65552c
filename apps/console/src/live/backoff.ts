const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long to wait before the next try: doubled each time, with up to a fifth more so that consoles do not come back in step. Units: milliseconds; `chance` 0 to 1. */
export function waitBefore(failures: number, chance: number): number {
  const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(wait * (1 + chance / 5));
}
