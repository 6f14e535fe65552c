import type { ServerTree } from '../tree/server-tree.js';
import type { LetterTable, LogTable, PreparedRows } from '../database/product-tables.js';

/** How much a store of letters holds at first, what arrives, and where its own product would remove the oldest. Units: bytes, minutes, hours. */
export interface LettersTruth {
  readonly startBytes: number;
  readonly letterBytesMean: number;
  readonly ageHours: { readonly from: number; readonly to: number };
  readonly perMinute: number;
  /** The generator removes the oldest above this, so that it can never fill a disk. */
  readonly ceilingBytes: number;
}

export interface TraceTruth {
  readonly generations: { readonly plain: number; readonly packed: number };
  readonly generationBytes: number;
  readonly linesPerMinute: number;
  readonly ceilingBytes: number;
}

export interface RowsTruth {
  readonly startRows: number;
  readonly ageHours: number;
  readonly perMinute: number;
  readonly ceilingRows: number;
}

export interface ReportsTruth {
  readonly startFiles: number;
  readonly perMinute: number;
  readonly ceilingBytes: number;
}

/** What is true of one mail server of the demo. */
export interface ServerTruth {
  readonly name: string;
  readonly seed: number;
  readonly productVersion: string;
  /** Keys of settings.conf beyond those that all servers share. */
  readonly settings: Readonly<Record<string, string>>;
  readonly licenceDays: number;
  /** What installer.dat says of the agreements. */
  readonly agreed: Readonly<Record<string, string>>;
  /** Where messages in processing pass; another place than the default is named in klms_filters.conf. */
  readonly workFolder: { readonly path: string; readonly mode: number };
  /** Modes of the folders above the stores, and of Backup itself. */
  readonly folderModes: { readonly above: number; readonly backup: number };
  readonly letters: Readonly<Record<LetterTable, LettersTruth>>;
  readonly trace: TraceTruth;
  readonly reports: ReportsTruth;
  readonly rows: Readonly<Record<LogTable, RowsTruth>>;
  /** What only this server has; made after everything else. Rows go where they are collected. */
  readonly peculiar?: (tree: ServerTree, rows: PreparedRows) => void;
}

export const DEFAULT_WORK_FOLDER = '/tmp/klms_filter';
const MB = 1_000_000;
const DAY_HOURS = 24;

/** A quiet server with room below every limit. */
export const QUIET: Omit<ServerTruth, 'name' | 'seed'> = {
  productVersion: '8.0.3.30',
  settings: {},
  licenceDays: 200,
  agreed: { EULA_AGREED: 'yes', EULA_AGREED_VER: '2023-06', KSN_AGREED: 'no' },
  workFolder: { path: DEFAULT_WORK_FOLDER, mode: 0o700 },
  folderModes: { above: 0o750, backup: 0o750 },
  letters: {
    backup: { startBytes: 14 * MB, letterBytesMean: 40_000, ageHours: { from: 1, to: 60 * DAY_HOURS }, perMinute: 24, ceilingBytes: 20 * MB },
    asp_quarantine: { startBytes: 4 * MB, letterBytesMean: 15_000, ageHours: { from: 1, to: 30 * DAY_HOURS }, perMinute: 10, ceilingBytes: 6 * MB },
    kata_quarantine: { startBytes: 2 * MB, letterBytesMean: 50_000, ageHours: { from: 2, to: 20 * DAY_HOURS }, perMinute: 2, ceilingBytes: 4 * MB },
  },
  trace: { generations: { plain: 3, packed: 3 }, generationBytes: MB, linesPerMinute: 900, ceilingBytes: 9 * MB },
  reports: { startFiles: 40, perMinute: 3, ceilingBytes: 2 * MB },
  rows: {
    event_log: { startRows: 3_000, ageHours: 30 * DAY_HOURS, perMinute: 90, ceilingRows: 9_000 },
    audit_log: { startRows: 400, ageHours: 60 * DAY_HOURS, perMinute: 6, ceilingRows: 5_000 },
    statistics: { startRows: 1_000, ageHours: 60 * DAY_HOURS, perMinute: 12, ceilingRows: 5_000 },
  },
};
