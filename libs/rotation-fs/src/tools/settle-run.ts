import type { ToolItem } from '../journal/journal.js';
import { awaitEnd } from './still-runs.js';
import { filesOf } from './tool-plan.js';
import { closeRun, openRun, type ToolWork } from './tool-work.js';
import { isAtItsPlace, syncFolders } from './watched-item.js';

/** A file that was carried elsewhere keeps these. A restart may have come between, so the number of its device says nothing. */
const keyOf = ({ ino, size, mtimeMs }: Pick<ToolItem, 'ino' | 'size' | 'mtimeMs'>): string => `${ino} ${size} ${mtimeMs}`;

/**
 * Accounts for a run of the tool that a crash left open, by looking: what is neither at its place nor elsewhere in the store is gone. Returns how many of its items are there still.
 * Errors: throws while the tool itself still works, and when the store cannot be read.
 */
export async function settleRun(work: ToolWork): Promise<number> {
  const open = openRun(work.journal.records);
  if (open === null) return 0;
  await awaitEnd(open.argv, work.tool.timeoutSeconds * 1000);
  const { host } = work.request;
  const away = open.items.filter((item) => !isAtItsPlace(host, item));
  const elsewhere = new Set(away.length === 0 ? [] : [...filesOf(work.request)].map(keyOf));
  const gone = away.filter((item) => !elsewhere.has(keyOf(item)));
  syncFolders(host, gone);
  if (gone.length > 0) work.notes.add(`an earlier run was cut short while the tool worked: ${gone.length} of its items are no longer in the store and are counted as deleted`);
  closeRun(work, gone);
  return open.items.length - gone.length;
}
