import { join } from 'node:path';

/** Where the executor of a host keeps what others on the host must go by as well. */
export const EXECUTOR_SETTINGS_FILE = 'etc/mailwarden/executor.json';
/** Where its journals lie when its settings are not there to say so. */
export const EXECUTOR_JOURNALS = 'var/lib/mailwarden-executor/journal';
/** Where the journals of orders lie that a person gives at the host, below its root, when no other folder is named. */
export const LOCAL_JOURNALS = 'var/lib/mailwarden/rotations';
/** The newest bundle that it was ever shown, as it was signed; in its state folder. */
export const KNOWN_BUNDLE_FILE = 'bundle.json';
/** Units: bytes. */
export const KNOWN_BUNDLE_BYTES_MAX = 4_000_000;

/** The executor's own state lies beside its journals. */
export const executorStateIn = (journalDir: string): string => join(journalDir, 'state');

/** Held by whoever deletes from a store; in the state folder. */
export const storeLockFile = (profile: string, store: string): string => `${profile}.${store}.lock`;
