import type { Store } from '@mailwarden/catalogue';
import { compilePatterns } from '@mailwarden/inventory';

const SYSTEM_FOLDERS = new Set(['/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib64', '/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var', '/var/lib', '/var/log', '/var/mail', '/var/opt', '/var/spool', '/var/tmp']);
const FORBIDDEN_BELOW = /^\/(?:bin|boot|dev|etc|lib|lib64|proc|root|sbin|sys|usr)(?:\/|$)/;

/** Why nothing may be deleted from a store, whatever an order says; null when it may. The profile's lint says the same; this is the last wall. */
export function refusalOf(store: Store): string | null {
  if (!store.rotatable) return `the profile keeps ${store.id} from deletion`;
  const roots = compilePatterns(store.files).roots;
  if (roots.length === 0 && store.rows === null) return `${store.id} names no place`;
  const forbidden = roots.find((root) => SYSTEM_FOLDERS.has(root) || FORBIDDEN_BELOW.test(root) || /^\/home\/[^/]*$/.test(root) || !root.startsWith('/'));
  // Kernel dump places are shared folders: there only the product's own names are taken in, never the whole folder.
  return forbidden === undefined || (store.kind === 'dump' && store.files.every((glob) => !/^\/(?:etc|usr|proc|sys|dev)\//.test(glob))) ? null : `${store.id} lies in a folder of the system`;
}
