import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@mailwarden/testing';
import { ScratchDisk, type DiskKind } from '../disk/scratch-disk.js';
import { runCrash, type CrashResult } from './run-crash.js';

/** Where cases run: a process killed over files or pairs, or the power cut from a disk, with the journal on it or on another one. */
export interface CrashPlace {
  readonly pairs: boolean;
  /** Lines of a file in many pieces, in place of files. */
  readonly lines?: true;
  /** Null: the power stays. */
  readonly disk: DiskKind | null;
  readonly journal: 'beside' | 'elsewhere';
}

/** Several folders and more than one batch; few files for many cases. */
const SIZES = [{ files: 300, folders: 7, kept: 40 }, { files: 2_600, folders: 25, kept: 100 }];
/** On a disk alone: in memory it would mean nothing. */
const WRITTEN_OVER = { files: 300, folders: 7, kept: 40, overwrite: true } as const;
/** So many pieces that a cut takes the file system several steps. */
const LINES = [{ lines: 3_000, kept: 2_000 }, { lines: 8_000, kept: 7_000 }];
/** Roomy for the files of the largest case. Units: MiB. */
const DISK_MIB = 400;

const [cases = '0', seed = '1', untilMs = '0', placeText = '{}'] = process.argv.slice(2);
const { pairs, lines, disk: kind, journal } = JSON.parse(placeText) as CrashPlace;
const postgres = pairs ? await startPostgres() : null;
const disk = kind === null ? null : ScratchDisk.make(kind, { MiB: DISK_MIB });
const elsewhere = mkdtempSync(join(tmpdir(), 'mailwarden-journal-'));
try {
  const database = postgres === null ? null : { port: postgres.port, user: postgres.superuser, passwordFile: postgres.passwordFile };
  const result: CrashResult = await runCrash({ cases: Number(cases), seed: Number(seed), untilMs: Number(untilMs), database, disk, journalDir: journal === 'elsewhere' ? elsewhere : null, sizes: lines === true ? LINES : disk === null ? SIZES : [...SIZES, WRITTEN_OVER, WRITTEN_OVER] });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  disk?.remove();
  await postgres?.stop();
  rmSync(elsewhere, { recursive: true });
}
