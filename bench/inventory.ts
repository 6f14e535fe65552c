import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { compare, report, runProgram, type Side } from './compare.ts';
import { ensureTree } from './mail-tree.ts';
import { benchRescan } from './rescan.ts';

const CLI = join(import.meta.dirname, '../apps/cli/dist/main.js');
const STORES = ['reports', 'backup', 'asp_quarantine', 'kata_quarantine', 'dumps', 'settings'] as const;

const scanned = z.object({ stores: z.array(z.object({ items: z.object({ value: z.number() }), bytesApparent: z.object({ value: z.number() }) })) });

function profileOf(stores: readonly string[]): string {
  return [
    'schema: mailwarden/profile/v1',
    'id: bench',
    'product: { name: Bench, vendor: None, versions: "*" }',
    'sources: { bench: { title: This bench, url: null, date: null, kind: general } }',
    'accounts: { service: kluser, groups: [ klusers ] }',
    'services: []',
    'stores:',
    ...stores.map((store) => `  - { id: ${store.replace('_', '-')}, section: ${store}, kind: files, directories: null, files: [ "/var/opt/kaspersky/klms/${store}/**" ], data-categories: null, duration: not-stated, protection: { accounts: [ root, kluser ], groups: [ klusers ], source: bench }, rotatable: false }`),
    '',
  ].join('\n');
}

/** `mailwarden scan` of a whole host: sizes, clocks, owners, modes, oldest and newest for each of six stores that share one folder. */
function scanSide(root: string, profile: string): Side {
  return {
    name: 'mailwarden scan',
    run: () => {
      // Exit 1 says that there are findings, so the program is run by one that does not mind.
      const { stdout, peakMiB } = runProgram(['/bin/sh', '-c', '"$0" "$@" || test $? -eq 1', process.execPath, CLI, 'scan', '--root', root, '--profile', profile, '--stores-only', '--format', 'json']);
      const { stores } = scanned.parse(JSON.parse(stdout));
      const files = stores.reduce((sum, store) => sum + store.items.value, 0);
      const bytes = stores.reduce((sum, store) => sum + store.bytesApparent.value, 0);
      return { work: `${files} files, ${bytes} bytes`, peakMiB };
    },
  };
}

/** What an administrator's script would begin with. Its sums are taken once, outside the time. */
function findSide(root: string): Side {
  const base = join(root, 'var/opt/kaspersky/klms');
  const sums = runProgram(['/bin/sh', '-c', `find "$0" -type f -printf '%s\\n' | awk '{ bytes += $1 } END { printf "%d files, %d bytes", NR, bytes }'`, base]).stdout;
  return { name: 'find -printf', run: () => ({ work: sums, peakMiB: runProgram(['/usr/bin/find', base, '-type', 'f', '-fprintf', '/dev/null', '%s %b %T@ %C@ %U %G %m %p\n']).peakMiB }) };
}

/** Folders that hold the files. */
const foldersOf = (root: string): string[] => STORES.flatMap((store) => readdirSync(join(root, 'var/opt/kaspersky/klms', store)).map((name) => join(root, 'var/opt/kaspersky/klms', store, name)));

export function benchInventory(files: number, root: string): void {
  ensureTree(root, files);
  const profile = join(mkdtempSync(join(tmpdir(), 'mailwarden-bench-')), 'bench.yaml');
  writeFileSync(profile, profileOf(STORES));
  const find = findSide(root);
  report('inventory', `${files} files in 1 000 folders, six stores in one folder, warm cache; a whole program run each`, 'at most 0.70x of find on two cores, 128 MiB', compare('inventory', [find, scanSide(root, profile)]));
  benchRescan(find, { root, profile, folders: foldersOf(root) });
}
