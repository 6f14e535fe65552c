import { realpathSync } from 'node:fs';
import type { Store } from '@mailwarden/catalogue';
import { compilePatterns, isInside } from '@mailwarden/inventory';

const SYSTEM_FOLDERS = new Set(['/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib32', '/lib64', '/media', '/mnt', '/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/var/backups', '/var/cache', '/var/lib', '/var/local', '/var/log', '/var/mail', '/var/opt', '/var/run', '/var/spool', '/var/tmp', '/var/www']);
const FORBIDDEN_BELOW = /^\/(?:bin|boot|dev|etc|lib|lib32|lib64|proc|root|sbin|sys|usr)(?:\/|$)/;
/** What this product keeps for itself is never anybody's store. */
const OWN = /^\/var\/lib\/mailwarden(?:-[^/]*)?(?:\/|$)/;
const HOME = /^\/home\/[^/]*$/;
/** Folders that many programs write to: there only names that tell of the product are taken in, never the whole folder. */
const SHARED_FOLDERS = new Set(['/var/crash', '/var/lib/systemd/coredump', '/var/spool/abrt', '/var/spool/mail']);
/** Three letters or digits in a row say whose a file is. */
const TELLING = /[a-z0-9]{3}/i;
/** A path that is not what it seems. */
const CROOKED = /(?:^|\/)\.{1,2}(?:\/|$)|\/\//;

/** Folders that belong to the system, to a person or to this product, and never to a store. */
export const isForbidden = (root: string): boolean => SYSTEM_FOLDERS.has(root) || FORBIDDEN_BELOW.test(root) || OWN.test(root) || HOME.test(root) || CROOKED.test(root) || !root.startsWith('/');

/** The same named folder in every home. */
const IN_EVERY_HOME = /^\/home\/\*\/[^/*?[\]]{4,}/;
/** A product's own tool deletes as its product does, with the rights of each person: none of the files is ever touched by us. */
const toolAlone = ({ tool }: Store): boolean => tool != null && !(tool.by === 'item' && tool.otherwise === 'files');

const liesInTheSystem = (store: Store, glob: string): boolean => compilePatterns([glob]).roots.some((root) => isForbidden(root) && !(root === '/home' && toolAlone(store) && IN_EVERY_HOME.test(glob)));

function takesInOthers(glob: string): boolean {
  const [root] = compilePatterns([glob]).roots;
  return root !== undefined && SHARED_FOLDERS.has(root) && !TELLING.test(glob.slice(root.length + 1).split('/')[0] ?? '');
}

/** Why nothing may be deleted from a store, whatever an order says; null when it may. The profile's lint says the same; this is the last wall. */
export function refusalOf(store: Store): string | null {
  if (!store.rotatable) return `the profile keeps ${store.id} from deletion`;
  if (store.kind === 'memory' || store.kind === 'configuration') return `a store of kind ${store.kind} is never deleted from`;
  const { roots } = compilePatterns(store.files);
  if (roots.length === 0 && store.rows === null && store.lists === null) return `${store.id} names no place`;
  if (store.files.some((glob) => glob.includes('${') || CROOKED.test(glob))) return `a path of ${store.id} is not a plain one`;
  if (store.files.some((glob) => liesInTheSystem(store, glob))) return `${store.id} lies in a folder of the system`;
  return store.files.some(takesInOthers) ? `${store.id} takes in a folder that is not the product's own` : null;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // It is not there yet.
  }
}

/** Why a store is not deleted from where the executor keeps its journals, wherever its settings put them; null where the two lie apart. */
export function overlapOf(store: Pick<Store, 'files'>, { hostRoot, journalDir }: { readonly hostRoot: string; readonly journalDir: string }): string | null {
  const own = realOf(journalDir);
  const roots = compilePatterns(store.files).roots.map((root) => (hostRoot === '/' ? root : `${hostRoot}${root}`));
  return roots.some((root) => isInside(root, own) || isInside(own, root)) ? 'the store takes in what the executor keeps of its own deletions' : null;
}
