import { join } from 'node:path';
import type { PolicyBundle } from '@mailwarden/contracts';
import { err, ok, type PublicKeyText, type Result } from '@mailwarden/kernel';
import { readStateFile, stateFolder, writeStateFile } from '@mailwarden/rotation-fs';
import { openBundle, type Opened, type OpenTask } from './open-task.js';

/** The executor's own state lies beside its journals. */
export const stateDirOf = (journalDir: string): string => join(journalDir, 'state');

const FILE = 'bundle.json';
/** Units: bytes. */
export const BUNDLE_BYTES_MAX = 4_000_000;

/** The newest bundle that this executor was ever shown; null where there was none, or it was of a worker that is no longer trusted. Errors: throws when the file cannot be read: then nobody knows which holds stand. */
function kept(dir: string, key: PublicKeyText): Opened<PolicyBundle> | null {
  const bytes = readStateFile(stateFolder(dir), FILE, BUNDLE_BYTES_MAX);
  if (bytes === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new Error(`${join(dir, FILE)} cannot be read, so nobody knows which holds stand; remove it when the agent has its bundle`, { cause });
  }
  const opened = openBundle(json, key);
  return opened.ok ? opened.value : null;
}

/** What policy stands here, as far as this host was ever told. */
export interface Standing {
  readonly newest: Opened<PolicyBundle> | null;
  /** True where what came along is older than what was known. */
  readonly isOutdated: boolean;
}

/**
 * The newest bundle of all that was ever shown, kept for the next time. An older one counts for nothing: whoever starts the executor cannot take a hold back by showing yesterday's policy.
 * Errors: why what came along is none of ours.
 */
export function standingPolicy(shown: OpenTask['bundle'], here: { readonly server: string; readonly stateDir: string; readonly key: PublicKeyText }): Result<Standing, string> {
  const known = kept(here.stateDir, here.key);
  if (shown === null) return ok({ newest: known, isOutdated: false });
  if (!shown.ok) return shown;
  if (shown.value.payload.server !== here.server) return err('the bundle is for another server');
  if (known !== null && known.payload.server === here.server && known.payload.version >= shown.value.payload.version) return ok({ newest: known, isOutdated: known.payload.version > shown.value.payload.version });
  writeStateFile(stateFolder(here.stateDir), FILE, Buffer.from(JSON.stringify(shown.value.document)));
  return ok({ newest: shown.value, isOutdated: false });
}
