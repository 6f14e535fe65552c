import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import type { OrderFacts } from '../outcome.js';
import { JournalFolder } from './journal-folder.js';
import { recordOfLine } from './journal-lines.js';
import { readRecords, type JournalRecord } from './journal.js';

const SUFFIX = '.journal';
/** An account and its line are far shorter. Units: bytes. */
const END_BYTES_MAX = 65_536;
const NEWLINE = 0x0a;

/** Thrown where an order may not begin, because one before it on the same store has no account yet: what both of them are to count could not be told apart. Nothing was touched. */
export class StoreUnderWay extends Error {
  constructor(earlier: string, dir: string) {
    super(`the order ${earlier} on this store was begun and has no account yet, in ${dir}: nothing was touched, and the order stays open; it goes on when that one is brought to its end, which the agent sees to, or for an order of this host: mailwarden rotate --apply`);
    this.name = 'StoreUnderWay';
  }
}

/** Whether a journal ends with its account, by its last line alone: there are thousands of those. */
function endsFinished(fd: number): boolean {
  const { size } = fstatSync(fd);
  const end = Buffer.alloc(Math.min(size, END_BYTES_MAX));
  if (readSync(fd, end, 0, end.length, size - end.length) !== end.length || end.at(-1) !== NEWLINE) return false;
  const from = end.lastIndexOf(NEWLINE, -2) + 1;
  return (from > 0 || end.length === size) && recordOfLine<JournalRecord>(end.toString('utf8', from, end.length - 1))?.kind === 'finished';
}

function isFinished(folder: JournalFolder, name: string): boolean {
  const fd = folder.open(name, constants.O_RDONLY);
  try {
    return endsFinished(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whether an order announced something on this store and gave no account of it. Errors: throws when its journal is damaged: then nobody knows which store it is of. */
function isUnderWay(folder: JournalFolder, name: string, { profile, store }: Pick<OrderFacts, 'profile' | 'store'>): boolean {
  const records = readRecords(folder.pathOf(name), folder.at(name));
  const facts = records.find((record) => record.kind === 'opened')?.facts;
  return facts?.profile === profile && facts.store === store && records.some(({ kind }) => kind !== 'opened') && !records.some(({ kind }) => kind === 'finished');
}

/**
 * Keeps an order from beginning while another one on its store, which a crash cut short, has no account: it could take what that one would count as its own, or the note by which that one knows its batch.
 * Errors: throws `StoreUnderWay`; also when a journal cannot be read.
 */
export function assertNoOtherUnderWay(dirs: readonly string[], order: Pick<OrderFacts, 'id' | 'profile' | 'store'>): void {
  for (const dir of dirs) {
    const folder = JournalFolder.found(dir);
    if (folder === null) continue;
    try {
      for (const id of folder.idsOf(SUFFIX)) {
        const name = `${id}${SUFFIX}`;
        if (id !== order.id && !isFinished(folder, name) && isUnderWay(folder, name, order)) throw new StoreUnderWay(id, dir);
      }
    } finally {
      folder.close();
    }
  }
}
