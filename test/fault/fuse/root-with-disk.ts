import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of a root whose disk is sound. */
export const SOUND = 'var/spool/sound';

/** A host's root with two files on a sound disk, and an empty folder for a disk of which a test decides. */
export function rootWithDisk(folder: string): string {
  const root = mkdtempSync(join(tmpdir(), 'mailwarden-disk-'));
  for (const made of ['etc', folder, SOUND]) mkdirSync(join(root, made), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
  for (const name of ['a', 'b']) writeFileSync(join(root, SOUND, name), 'x');
  return root;
}
