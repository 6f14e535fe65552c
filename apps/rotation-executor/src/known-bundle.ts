import { join } from 'node:path';
import { executorStateIn, KNOWN_BUNDLE_BYTES_MAX, KNOWN_BUNDLE_FILE as FILE, readStateFile, stateFolder, writeStateFile } from '@mailwarden/config';
import type { Opened, PolicyBundle } from '@mailwarden/contracts';
import { err, ok, type PublicKeyText, type Result } from '@mailwarden/kernel';
import { lockOrder } from '@mailwarden/rotation-fs';
import { openBundle, type OpenTask } from './open-task.js';

export const stateDirOf = executorStateIn;

/** The newest bundle that this executor was ever shown; null where there was none, or it was of a worker that is no longer trusted. Errors: throws when the file cannot be read: then nobody knows which holds stand. */
function kept(dir: string, key: PublicKeyText): Opened<PolicyBundle> | null {
  const bytes = readStateFile(stateFolder(dir), FILE, KNOWN_BUNDLE_BYTES_MAX);
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

type Place = { readonly server: string; readonly stateDir: string; readonly key: PublicKeyText };

function newest(shown: Opened<PolicyBundle>, { server, stateDir, key }: Place): Standing {
  const known = kept(stateDir, key);
  if (known !== null && known.payload.server === server && known.payload.version >= shown.payload.version) return { newest: known, isOutdated: known.payload.version > shown.payload.version };
  writeStateFile(stateFolder(stateDir), FILE, Buffer.from(JSON.stringify(shown.document)));
  return { newest: shown, isOutdated: false };
}

/**
 * The newest bundle of all that was ever shown, kept for the next time. An older one counts for nothing: whoever starts the executor cannot take a hold back by showing yesterday's policy.
 * Errors: why what came along is none of ours. Throws while another executor looks: of two bundles that are shown at once the older one must not be kept last.
 */
export function standingPolicy(shown: OpenTask['bundle'], here: Place): Result<Standing, string> {
  if (shown === null) return ok({ newest: kept(here.stateDir, here.key), isOutdated: false });
  if (!shown.ok) return shown;
  if (shown.value.payload.server !== here.server) return err('the bundle is for another server');
  const give = lockOrder(join(stateFolder(here.stateDir), 'bundle.lock'), 'a look at which policy stands');
  try {
    return ok(newest(shown.value, here));
  } finally {
    give();
  }
}
