import { chownSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Number of the service's account and group in the trees, where this process may give files away. No distribution hands it out by itself. */
const SERVICE_ID = 640;
const ROOT_ID = 0;

export type Owner = 'root' | 'service';

/** Whose the files of a tree are, and what the accounts of its passwd file are numbered. */
export interface Owners {
  readonly service: { readonly uid: number; readonly gid: number };
  /** Null where this process may not give files away: all then belong to whoever runs it, who is the service in the demo's own passwd. */
  readonly give: Readonly<Record<Owner, { readonly uid: number; readonly gid: number }>> | null;
}

/** Tries whether files can be given away: root in a small namespace may not, an ordinary user with the capability may. */
export function ownersIn(dir: string): Owners {
  const probe = join(dir, '.owner-probe');
  writeFileSync(probe, '');
  try {
    chownSync(probe, SERVICE_ID, SERVICE_ID);
    const service = { uid: SERVICE_ID, gid: SERVICE_ID };
    return { service, give: { root: { uid: ROOT_ID, gid: SERVICE_ID }, service } };
  } catch {
    return { service: { uid: process.geteuid?.() ?? ROOT_ID, gid: process.getegid?.() ?? ROOT_ID }, give: null };
  } finally {
    unlinkSync(probe);
  }
}
