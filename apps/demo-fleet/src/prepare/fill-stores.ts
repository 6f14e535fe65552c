import { gzipSync } from 'node:zlib';
import { Chance } from '../chance.js';
import { logRow } from '../database/log-rows.js';
import { letterRow, LETTER_TABLES, LOG_TABLES, type LetterTable, type LogTable, type PreparedRows } from '../database/product-tables.js';
import { composeMail, letterBytes } from '../mail/compose-mail.js';
import { letterName, rawName } from '../mail/hostile-names.js';
import { traceLines } from '../mail/trace-lines.js';
import { bucketOf, BUCKETS } from '../tree/letter-buckets.js';
import { PAIR_FOLDERS, REPORTS_FOLDER, TRACE_FOLDER, type ServerTree } from '../tree/server-tree.js';
import type { LettersTruth, RowsTruth, ServerTruth, TraceTruth } from '../servers/server-truth.js';

const HOUR_MS = 3_600_000;
const LETTER = { mode: 0o640, owner: 'service' } as const;
/** The youngest generation was closed this long ago; each one before it some hours earlier. */
const GENERATION_STEP_HOURS = 7;
const ACTIVE_LINES = 1_000;
/** About what a line of the trace log takes. Units: bytes. */
const LINE_BYTES = 200;
/** Packed generations hold few lines, since the time to pack them counts against the start. */
const PACKED_LINES = 1_500;
/** Letters between two breaths, so that a signal is heard while a store is filled. */
const LETTERS_PER_TURN = 200;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const emptyRows = (): PreparedRows => ({ backup: [], asp_quarantine: [], kata_quarantine: [], event_log: [], audit_log: [], statistics: [] });

/** Ages lie denser towards today, as they do where mail keeps coming. */
const ageHours = (chance: Chance, { from, to }: { readonly from: number; readonly to: number }): number => from + (to - from) * chance.next() ** 2;

async function fillLetters(tree: ServerTree, table: LetterTable, truth: LettersTruth, rows: PreparedRows, chance: Chance, nowMs: number): Promise<void> {
  const folder = PAIR_FOLDERS[table];
  if (table === 'backup') for (const bucket of BUCKETS) tree.folder(`${folder}/${bucket}`, 0o750, 'service');
  let bytes = 0;
  for (let serial = 1; bytes < truth.startBytes; serial += 1) {
    const atMs = Math.round(nowMs - ageHours(chance, truth.ageHours) * HOUR_MS);
    const letter = composeMail(chance, { bytes: letterBytes(chance, truth.letterBytesMean), atMs });
    const file = bucketOf(table, serial) + letterName(chance, `${serial}`);
    tree.file(`${folder}/${file}`, letter.bytes, { ...LETTER, atMs });
    rows[table].push(letterRow(letter, file, atMs));
    bytes += letter.bytes.length;
    if (serial % LETTERS_PER_TURN === 0) await turn();
  }
}

function fillTrace(tree: ServerTree, { generations, generationBytes }: TraceTruth, chance: Chance, nowMs: number): void {
  const count = generations.packed + generations.plain;
  for (let number = 1; number <= count; number += 1) {
    const packed = number <= generations.packed;
    const atMs = nowMs - (count - number + 1) * GENERATION_STEP_HOURS * HOUR_MS;
    const text = traceLines(chance, packed ? PACKED_LINES : Math.ceil(generationBytes / LINE_BYTES), atMs);
    tree.file(`${TRACE_FOLDER}/klms-trace.log.${number}${packed ? '.gz' : ''}`, packed ? gzipSync(text, { level: 1 }) : text, { ...LETTER, atMs });
  }
  tree.file(`${TRACE_FOLDER}/klms-trace.log`, traceLines(chance, ACTIVE_LINES, nowMs), LETTER);
}

function fillReports(tree: ServerTree, count: number, chance: Chance, nowMs: number): void {
  for (let serial = 1; serial <= count; serial += 1) {
    const name = rawName(chance, 'report-', String(serial), '.html');
    tree.file(Buffer.concat([Buffer.from(`${REPORTS_FOLDER}/`), name]), `<html><body>${'<p>Sample report of the demo fleet.</p>'.repeat(chance.integer(20, 400))}</body></html>\n`, { ...LETTER, atMs: nowMs - serial * 20 * HOUR_MS });
  }
}

function fillRows(rows: PreparedRows, table: LogTable, { startRows, ageHours: hours }: RowsTruth, chance: Chance, nowMs: number): void {
  for (let row = 0; row < startRows; row += 1) rows[table].push(logRow(table, chance, nowMs - hours * HOUR_MS * (1 - row / startRows) - HOUR_MS / 4));
}

/** Fills the stores of a server that was just laid out, as if mail had come for long. Returns the rows that belong to it. */
export async function fillStores(tree: ServerTree, truth: ServerTruth, nowMs: number): Promise<PreparedRows> {
  const chance = new Chance(truth.seed);
  const rows = emptyRows();
  for (const table of LETTER_TABLES) await fillLetters(tree, table, truth.letters[table], rows, chance, nowMs);
  fillTrace(tree, truth.trace, chance, nowMs);
  await turn();
  fillReports(tree, truth.reports.startFiles, chance, nowMs);
  for (const table of LOG_TABLES) fillRows(rows, table, truth.rows[table], chance, nowMs);
  truth.peculiar?.(tree, rows);
  return rows;
}
