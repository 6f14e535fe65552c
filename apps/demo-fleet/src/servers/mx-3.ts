import { Chance, encodedPool } from '../chance.js';
import { letterRow, type PreparedRows } from '../database/product-tables.js';
import { composeMail, letterBytes } from '../mail/compose-mail.js';
import { rawName } from '../mail/hostile-names.js';
import { EXPORTED_FOLDER, PAIR_FOLDERS, RESTORED_FOLDER, type ServerTree } from '../tree/server-tree.js';
import { QUIET, type ServerTruth } from './server-truth.js';

const HOUR_MS = 3_600_000;
const OPEN_LETTERS = 12;
const LONE_FILES = 5;
const LONE_ROWS = 4;
const LEFTOVERS = 9;
const DUMPS = [{ name: 'core.klms-scan.4711', megabytes: 3, hoursAgo: 30 }, { name: 'core.klms-filter.5012', megabytes: 2, hoursAgo: 6 }] as const;

/** Dumps that a support case left behind, with the switch that wrote them still on. */
function dumps(tree: ServerTree, nowMs: number): void {
  tree.folder('/var/opt/kaspersky/klms/dumps', 0o700, 'root');
  for (const { name, megabytes, hoursAgo } of DUMPS) tree.file(`/var/opt/kaspersky/klms/dumps/${name}`, Buffer.concat(Array.from({ length: megabytes }, () => encodedPool())), { mode: 0o600, owner: 'root', atMs: nowMs - hoursAgo * HOUR_MS });
}

/** Letters that somebody let everyone read "for a moment". */
function openLetters(tree: ServerTree, rows: PreparedRows, chance: Chance, nowMs: number): void {
  tree.folder(`${PAIR_FOLDERS.backup}/${EXPORTED_FOLDER}`, 0o755, 'service');
  for (let place = 0; place < OPEN_LETTERS; place += 1) {
    const atMs = nowMs - (40 + place * 7) * HOUR_MS;
    const letter = composeMail(chance, { bytes: letterBytes(chance, 30_000), atMs });
    const file = `${EXPORTED_FOLDER}/for the auditor ${place + 1}.eml`;
    tree.file(`${PAIR_FOLDERS.backup}/${file}`, letter.bytes, { mode: 0o644, owner: 'service', atMs });
    rows.backup.push(letterRow(letter, file, atMs));
  }
}

/** What a restore from another backup left: files that no row names, rows whose files never came back. */
function orphans(tree: ServerTree, rows: PreparedRows, chance: Chance, nowMs: number): void {
  tree.folder(`${PAIR_FOLDERS.backup}/${RESTORED_FOLDER}`, 0o750, 'service');
  for (let place = 0; place < LONE_FILES + LONE_ROWS; place += 1) {
    const atMs = nowMs - (200 + place * 11) * HOUR_MS;
    const letter = composeMail(chance, { bytes: letterBytes(chance, 30_000), atMs });
    const file = `${RESTORED_FOLDER}/msg-restored-${place + 1}.eml`;
    if (place < LONE_FILES) tree.file(`${PAIR_FOLDERS.backup}/${file}`, letter.bytes, { mode: 0o640, owner: 'service', atMs });
    else rows.backup.push(letterRow(letter, file, atMs));
  }
}

/** Letters in processing when the service last died: nobody works on them any more. */
function leftovers(tree: ServerTree, chance: Chance, nowMs: number): void {
  for (let place = 0; place < LEFTOVERS; place += 1) {
    const atMs = nowMs - (5 + place * 13) * HOUR_MS;
    tree.file(Buffer.concat([Buffer.from('/tmp/klmstmp/'), rawName(chance, 'klms-', String(4_000 + place), '.part')]), composeMail(chance, { bytes: letterBytes(chance, 60_000), atMs }).bytes, { mode: 0o600, owner: 'service', atMs });
  }
}

/** Neglected: an open dump switch, a work folder for everyone, letters that everyone reads, orphans, leftovers, a licence that ends soon. */
export const MX_3: ServerTruth = {
  ...QUIET,
  name: 'mx-3',
  seed: 3,
  productVersion: '8.0.2.16',
  settings: { enableDumps: 'yes', traceLevel: 'debug' },
  licenceDays: 12,
  workFolder: { path: '/srv/klms/work', mode: 0o777 },
  folderModes: { above: 0o711, backup: 0o755 },
  peculiar: (tree, rows) => {
    const chance = new Chance(33);
    const nowMs = Date.now();
    dumps(tree, nowMs);
    openLetters(tree, rows, chance, nowMs);
    orphans(tree, rows, chance, nowMs);
    leftovers(tree, chance, nowMs);
  },
};
