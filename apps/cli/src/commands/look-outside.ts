import type { HostSettings, Profile } from '@mailwarden/catalogue';
import { lookForUndeclared, makePace, withHost, type Look, type PaceSettings } from '@mailwarden/inventory-fs';

/** Somebody waits for the look at what lies outside every store: after so long, or so many entries, it says that it is not finished. */
const LOOK_MS_MAX = 60_000;
const LOOK_ENTRIES_MAX = 10_000_000;
/** Nobody asks what takes so long before this. Units: milliseconds. */
const PATIENCE_MS = 700;
/** To the beginning of the line, and clear it. */
const TAKEN_BACK = '\r\u001b[K';

/** Looks for data outside every store of the profiles; null where the host's settings forbid it. */
export async function lookOutside(root: string, hostSettings: HostSettings, profiles: readonly Profile[], settings: PaceSettings): Promise<Look | null> {
  if (hostSettings.lookForUndeclared === false) return null;
  const nowMs = Date.now();
  const pace = makePace({ ...settings, deadlineMs: nowMs + LOOK_MS_MAX });
  const done = sayThatItLooks();
  try {
    return await withHost(root, hostSettings, (host) => lookForUndeclared(host, profiles, null, { pace, entriesMax: LOOK_ENTRIES_MAX, nowMs, excluded: hostSettings.undeclaredExcluded ?? [] }));
  } finally {
    done();
  }
}

/** A look that takes long says so to whoever waits at a terminal, and takes its word back when it is done. */
function sayThatItLooks(): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  let said = false;
  const timer = setTimeout(() => {
    said = true;
    process.stderr.write(`Looking for data outside every store (at most ${LOOK_MS_MAX / 1000} s; --stores-only skips it) ...`);
  }, PATIENCE_MS);
  return () => {
    clearTimeout(timer);
    if (said) process.stderr.write(TAKEN_BACK);
  };
}
