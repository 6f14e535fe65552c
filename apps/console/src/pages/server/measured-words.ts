import type { StatementRow } from '@mailwarden/contracts';
import { formatByteCount } from '@mailwarden/kernel';
import { countOf } from '../../format/quantity.js';

/** One measured thing in words. `bad` marks what should not be there at all. */
export interface MeasuredWords {
  readonly name: string;
  readonly words: string;
  readonly bad: boolean;
}

/** The source of a limit without the folders of its file, which are shown on hover: `settings.conf, backupMaxSizeMb = 1000`. */
export const shortSource = (source: string): string => source.replace(/^\/(?:[^/,\s]+\/)+(?=[^/,\s])/, '');

/** Leftovers, orphaned halves and deleted files that are still open of a row; what could not be measured says so. */
export function measuredWords({ leftovers, orphans, openDeleted }: StatementRow['measured']): MeasuredWords[] {
  const found: MeasuredWords[] = [];
  if (leftovers !== undefined) {
    found.push(
      leftovers.known
        ? { name: 'Leftovers', words: leftovers.value.items === 0 ? 'none' : `${countOf(leftovers.value.items, 'file')}, ${formatByteCount(leftovers.value.bytes)}, from before the service's start`, bad: leftovers.value.items > 0 }
        : { name: 'Leftovers', words: `unknown: ${leftovers.reason}`, bad: false },
    );
  }
  if (orphans !== undefined) {
    const { filesWithoutRow, rowsWithoutFile } = orphans.known ? orphans.value : { filesWithoutRow: 0, rowsWithoutFile: 0 };
    const words = filesWithoutRow + rowsWithoutFile === 0 ? 'none' : `${countOf(filesWithoutRow, 'file')} without a row, ${countOf(rowsWithoutFile, 'row')} without a file`;
    found.push(orphans.known ? { name: 'Orphans', words, bad: filesWithoutRow + rowsWithoutFile > 0 } : { name: 'Orphans', words: `unknown: ${orphans.reason}`, bad: false });
  }
  if (openDeleted?.known === false) found.push({ name: 'Deleted, open', words: `unknown: ${openDeleted.reason}`, bad: false });
  else if (openDeleted !== undefined && openDeleted.value.items > 0) found.push({ name: 'Deleted, open', words: `${countOf(openDeleted.value.items, 'file')}, ${formatByteCount(openDeleted.value.bytes)}, still held open`, bad: true });
  return found;
}
