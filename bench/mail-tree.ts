import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const STORES = ['reports', 'backup', 'asp_quarantine', 'kata_quarantine', 'dumps', 'settings'] as const;
const FOLDERS = 1_000;
const SIZE_STEP_BYTES = 97;
const SIZES = 40;
/** Far enough from any round value that the oldest half is cut between two files. */
const NEWEST_MS = Date.UTC(2026, 0, 1);

/** A host root whose one folder holds six stores with a given number of files between them. */
export function ensureTree(root: string, files: number): void {
  const stamp = join(root, 'complete');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === String(files)) return;
  rmSync(root, { recursive: true, force: true });
  const base = join(root, 'var/opt/kaspersky/klms');
  const perFolder = Math.ceil(files / FOLDERS);
  const content = Buffer.alloc(SIZE_STEP_BYTES * SIZES, 'm');
  let made = 0;
  for (let folder = 0; folder < FOLDERS && made < files; folder += 1) {
    const dir = join(base, STORES[folder % STORES.length] ?? '', String(folder));
    mkdirSync(dir, { recursive: true });
    for (let index = 0; index < perFolder && made < files; index += 1, made += 1) {
      const fd = openSync(join(dir, `message-${index}.eml`), 'w');
      writeSync(fd, content, 0, SIZE_STEP_BYTES * (1 + (made % SIZES)));
      closeSync(fd);
    }
  }
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nkluser:x:987:987::/var/opt/kaspersky:/bin/false\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nklusers:x:987:kluser\n');
  writeFileSync(stamp, String(files));
}

/** Files of one store, each a minute older than the one before it, in 200 folders. */
export function makeStore(folder: string, files: number): void {
  rmSync(folder, { recursive: true, force: true });
  const folders = 200;
  for (let index = 0; index < folders; index += 1) mkdirSync(join(folder, String(index)), { recursive: true });
  for (let index = 0; index < files; index += 1) {
    const path = join(folder, String(index % folders), `message-${index}.eml`);
    writeFileSync(path, 'm');
    const at = (NEWEST_MS - index * 60_000) / 1000;
    utimesSync(path, at, at);
  }
}

/** Moment between the newer and the older half of such a store, as `find -newermt` takes it. */
export const middleOf = (files: number): string => `@${(NEWEST_MS - (files / 2) * 60_000 + 30_000) / 1000}`;

