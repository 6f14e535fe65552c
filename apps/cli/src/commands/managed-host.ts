import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EXECUTOR_JOURNALS, EXECUTOR_SETTINGS_FILE, executorStateIn, KNOWN_BUNDLE_BYTES_MAX, KNOWN_BUNDLE_FILE, loadTrust, readGuarded, readStateFile, stateFolder, storeLockFile } from '@mailwarden/config';
import { openSigned, SIGNING_CONTEXTS, signedPolicyBundle, type Hold, type PolicyBundle } from '@mailwarden/contracts';
import { lockOrder } from '@mailwarden/rotation-fs';
import { z } from 'zod';
import { CommandFailure } from '../failure.js';
import { whyUnreadable } from './named-file.js';

const SETTINGS_BYTES_MAX = 65_536;
const settingsForm = z.object({ journalDir: z.string().startsWith('/'), trust: z.string().startsWith('/'), root: z.string().startsWith('/').default('/') });

/** What an executor of this host has of its own: its state, and whom it believes where that is known. */
export interface ManagedHost {
  readonly journalDir: string;
  readonly stateDir: string;
  /** File of the trust anchors; null where nobody says which it is. */
  readonly trust: string | null;
}

const unknownHolds = (why: string, cause: unknown): CommandFailure =>
  new CommandFailure(`an executor of Mailwarden works on this host, and which holds it knows cannot be told: ${why}`, 'run as root; or delete without them by --without-known-holds, when no hold may stand', [], { cause });

/** The executor of a host; null where there is none. Errors: CommandFailure when it is there and cannot be asked. */
export async function managedHost(root: string): Promise<ManagedHost | null> {
  const file = join(root, EXECUTOR_SETTINGS_FILE);
  const usual = join(root, EXECUTOR_JOURNALS);
  const placesOf = (journals: string): Pick<ManagedHost, 'journalDir' | 'stateDir'> => ({ journalDir: journals, stateDir: executorStateIn(journals) });
  try {
    const text = await readGuarded(file, SETTINGS_BYTES_MAX);
    if (text === null) return existsSync(executorStateIn(usual)) ? { ...placesOf(usual), trust: null } : null;
    const { journalDir, trust, root: own } = settingsForm.parse(JSON.parse(text));
    // Settings of a copy of a host name places of that host, which lie in the copy.
    const below = resolve(own) === resolve(root) ? '/' : root;
    return { ...placesOf(join(below, journalDir)), trust: join(below, trust) };
  } catch (cause) {
    throw unknownHolds(cause instanceof z.ZodError || cause instanceof SyntaxError ? `${file} is not what an executor is set up by` : whyUnreadable(cause), cause);
  }
}

async function verified(json: unknown, trust: string | null): Promise<PolicyBundle> {
  if (trust === null) return signedPolicyBundle.parse(json).payload;
  const opened = openSigned(json, { schema: signedPolicyBundle, context: SIGNING_CONTEXTS.bundle, publicKey: (await loadTrust(trust)).rotation });
  if (!opened.ok) throw new Error(`its ${KNOWN_BUNDLE_FILE} is not signed by the rotation worker of ${trust}, or has another form than this version knows`);
  return opened.value.payload;
}

/** The holds of the newest bundle that the executor was ever shown: they count here too, as holds beat everything. Errors: CommandFailure when they cannot be told; then nothing must be deleted. */
export async function knownHolds({ stateDir, trust }: ManagedHost): Promise<readonly Hold[]> {
  try {
    const bytes = readStateFile(stateDir, KNOWN_BUNDLE_FILE, KNOWN_BUNDLE_BYTES_MAX);
    return bytes === null ? [] : (await verified(JSON.parse(bytes.toString('utf8')), trust)).holds;
  } catch (cause) {
    const why = cause instanceof SyntaxError || cause instanceof z.ZodError ? `${join(stateDir, KNOWN_BUNDLE_FILE)} cannot be understood` : whyUnreadable(cause);
    throw unknownHolds(why, cause);
  }
}

/** Works on a store while no executor does. Errors: throws while one does, and where its lock cannot be taken. */
export async function aloneOnStore<T>(managed: ManagedHost | null, { profile, store }: { readonly profile: string; readonly store: string }, work: () => Promise<T>): Promise<T> {
  if (managed === null) return work();
  const give = lockOrder(join(stateFolder(managed.stateDir), storeLockFile(profile, store)), 'an order on this store');
  try {
    return await work();
  } finally {
    give();
  }
}
