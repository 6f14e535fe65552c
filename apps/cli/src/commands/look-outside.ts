import type { HostSettings, Profile } from '@mailwarden/catalogue';
import { lookForUndeclared, makePace, withHost, type Look, type PaceSettings } from '@mailwarden/inventory-fs';

/** Somebody waits for the look at what lies outside every store: after so long, or so many entries, it says that it is not finished. */
const LOOK_MS_MAX = 60_000;
const LOOK_ENTRIES_MAX = 10_000_000;

/** Looks for data outside every store of the profiles; null where the host's settings forbid it. */
export async function lookOutside(root: string, hostSettings: HostSettings, profiles: readonly Profile[], settings: PaceSettings): Promise<Look | null> {
  if (hostSettings.lookForUndeclared === false) return null;
  const nowMs = Date.now();
  const pace = makePace({ ...settings, deadlineMs: nowMs + LOOK_MS_MAX });
  return withHost(root, hostSettings, (host) => lookForUndeclared(host, profiles, null, { pace, entriesMax: LOOK_ENTRIES_MAX, nowMs, excluded: hostSettings.undeclaredExcluded ?? [] }));
}
