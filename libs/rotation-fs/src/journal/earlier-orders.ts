import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { deletedInAll, type Receipt } from '@mailwarden/contracts';
import type { OrderFacts } from '../outcome.js';
import { readRecords, type JournalRecord } from './journal.js';

const SUFFIX = '.journal';
/** More would not be read for the sake of a rate. Units: files. */
const JOURNALS_READ_MAX = 10_000;

const isAbsent = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === 'ENOENT';

/** What an earlier run noted of an order before it began; null where this host never heard of it. Errors: throws when the journal is damaged. */
export function earlierFacts(dir: string, order: string): OrderFacts | null {
  try {
    return readRecords(join(dir, `${order}${SUFFIX}`)).find((record) => record.kind === 'opened')?.facts ?? null;
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw cause;
  }
}

/** Items that a record closes as deleted, whatever kind of store it is of. */
const closedBy = (record: JournalRecord): { readonly items: number; readonly bytes: number } | null =>
  record.kind === 'deleted' ? record : record.kind === 'rows-deleted' ? { items: record.rows, bytes: record.bytes } : record.kind === 'lines-done' ? { items: record.records, bytes: record.bytes } : null;

/** Cuts of files of lines that no run has brought to an end: what closes a file counts its cuts again. */
function openCuts(records: readonly JournalRecord[]): { readonly items: number; readonly bytes: number }[] {
  const done = new Set(records.flatMap((record) => (record.kind === 'lines-done' ? [record.file] : [])));
  return records.flatMap((record) => (record.kind === 'lines-cut' && !done.has(record.file) ? [{ items: record.records, bytes: record.bytes }] : []));
}

/** What an order closed as deleted, finished or not. */
export function deletedByOrder(records: readonly JournalRecord[]): { readonly items: number; readonly bytes: number } {
  const deleted = { items: 0, bytes: 0 };
  for (const closed of [...records.map(closedBy), ...openCuts(records)]) {
    deleted.items += closed?.items ?? 0;
    deleted.bytes += closed?.bytes ?? 0;
  }
  return deleted;
}

/** What one order deleted, as its own journal says; finished or not. */
function deletedBy(records: readonly JournalRecord[]): Pick<Receipt, 'before' | 'deleted'> {
  const finished = records.find((record) => record.kind === 'finished');
  if (finished !== undefined) return { before: finished.receipt.before, deleted: deletedInAll(finished.receipt) };
  const deleted = deletedByOrder(records);
  return { before: records.find((record) => record.kind === 'begun')?.before ?? { items: 0, bytes: 0 }, deleted };
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

/** What other orders of one policy took from one store since a moment, by this host's own journals. Units of `percent`: sum of the shares of the store as each order found it. */
export interface DeletedLately {
  readonly items: number;
  readonly bytes: number;
  readonly percent: number;
}

/** Errors: throws when a journal is damaged or there are too many to tell: then nobody knows whether a rate is kept. */
export function deletedLately(dir: string, of: OrderFacts, sinceMs: number): DeletedLately {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith(SUFFIX) && name !== `${of.id}${SUFFIX}` && statSync(join(dir, name)).mtimeMs >= sinceMs);
  } catch (cause) {
    if (isAbsent(cause)) return { items: 0, bytes: 0, percent: 0 };
    throw cause;
  }
  if (names.length > JOURNALS_READ_MAX) throw new Error(`${dir} holds ${names.length} journals of late, more than the ${JOURNALS_READ_MAX} that are read for a rate`);
  const sum = { items: 0, bytes: 0, percent: 0 };
  for (const name of names) {
    const records = readRecords(join(dir, name));
    const facts = records.find((record) => record.kind === 'opened')?.facts;
    if (facts?.profile !== of.profile || facts.store !== of.store || facts.policy.name !== of.policy.name) continue;
    const { before, deleted } = deletedBy(records);
    sum.items += deleted.items;
    sum.bytes += deleted.bytes;
    sum.percent += Math.max(share(deleted.items, before.items), share(deleted.bytes, before.bytes));
  }
  return sum;
}
