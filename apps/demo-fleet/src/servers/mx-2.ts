import { letterBytes, composeMail } from '../mail/compose-mail.js';
import { Chance } from '../chance.js';
import { letterRow, type PreparedRows } from '../database/product-tables.js';
import { QUIET, type ServerTruth } from './server-truth.js';
import { PAIR_FOLDERS, type ServerTree } from '../tree/server-tree.js';

const MB = 1_000_000;
const DAY_HOURS = 24;
const HELD_LETTERS = 6;
/** A month that the legal hold of `policies/mx-2-legal-hold.yaml` covers; nothing else on this server is of it. */
const HELD_FROM_MS = Date.parse('2024-03-04T09:00:00.000Z');
const HELD_STEP_MS = 3 * 86_400_000;

/** Old letters of a case that is still open: oldest first would take them before all others, and the hold keeps them. */
function heldLetters(tree: ServerTree, rows: PreparedRows): void {
  const chance = new Chance(22);
  for (let place = 0; place < HELD_LETTERS; place += 1) {
    const atMs = HELD_FROM_MS + place * HELD_STEP_MS;
    const letter = composeMail(chance, { bytes: letterBytes(chance, 30_000), atMs });
    const file = `case 2024-17 letter ${place + 1}.eml`;
    tree.file(`${PAIR_FOLDERS.asp_quarantine}/${file}`, letter.bytes, { mode: 0o640, owner: 'service', atMs });
    rows.asp_quarantine.push(letterRow(letter, file, atMs));
  }
}

/**
 * Over its limits, and enforced: rotates in front of your eyes.
 * What arrives takes Backup from its low watermark (32 MB) past its cap (40 MB) in little more than a minute.
 */
export const MX_2: ServerTruth = {
  ...QUIET,
  name: 'mx-2',
  seed: 2,
  letters: {
    backup: { startBytes: 60 * MB, letterBytesMean: 85_000, ageHours: { from: 2, to: 700 * DAY_HOURS }, perMinute: 72, ceilingBytes: 72 * MB },
    asp_quarantine: { startBytes: 13 * MB, letterBytesMean: 22_000, ageHours: { from: 1, to: 500 * DAY_HOURS }, perMinute: 24, ceilingBytes: 16 * MB },
    kata_quarantine: { startBytes: 3 * MB, letterBytesMean: 50_000, ageHours: { from: 2, to: 90 * DAY_HOURS }, perMinute: 4, ceilingBytes: 6 * MB },
  },
  trace: { generations: { plain: 21, packed: 8 }, generationBytes: MB, linesPerMinute: 10_000, ceilingBytes: 32 * MB },
  rows: { ...QUIET.rows, event_log: { startRows: 12_000, ageHours: 400 * DAY_HOURS, perMinute: 1_200, ceilingRows: 30_000 } },
  peculiar: heldLetters,
};
