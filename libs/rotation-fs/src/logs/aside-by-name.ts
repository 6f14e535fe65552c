import { closeSync, constants, fstatSync, fsyncSync, unlinkSync } from 'node:fs';
import type { BytePath } from '@mailwarden/inventory';
import { entryPath, statEntry, type Directory } from '@mailwarden/inventory-fs';
import { exchangeNames, moveToFreeName } from '@mailwarden/linux';
import { makeLike } from './like-file.js';
import { HELD, lastRecord, nameFrom, namedAs, stayed, type AsideOutcome, type LogWork } from './log-work.js';
import { writersOf } from './log-writers.js';
import { prepareReopening, REOPEN_MS_MAX, waitUntilLeft, type Reopening, type ReopenWay } from './reopen.js';
import { identityOf, isSameFile, openFile, type FileIdentity } from './store-file.js';

const MOVED_AWAY = 'the log was moved or replaced by somebody else meanwhile, and was left to them';

function isThere(directory: Directory, name: BytePath, { identity }: LogWork): boolean {
  try {
    return isSameFile(statEntry(directory, name), identity);
  } catch {
    return false;
  }
}

/** Gives the log a name that nobody has. What turns out to be another file gets its own name back. Returns the new name, or why there is none. */
function rename(work: LogWork, directory: Directory): { readonly name: BytePath } | { readonly why: string } {
  const from = { folder: directory.fd, name: work.place.name };
  for (const name of work.names) {
    work.journal.write({ kind: 'log-renaming', log: work.number, generation: namedAs(name) });
    work.watch('log-renaming');
    const failed = moveToFreeName(from, { folder: directory.fd, name });
    if (failed === 'EEXIST') continue;
    if (failed !== null) return { why: failed === 'ENOENT' ? MOVED_AWAY : `the log could not be given another name (${failed})` };
    fsyncSync(directory.fd);
    if (isThere(directory, name, work)) return { name };
    moveToFreeName({ folder: directory.fd, name }, from);
    return { why: MOVED_AWAY };
  }
  return { why: 'the names that the log could get are taken' };
}

/** Puts an empty file in the log's place, like it, where the product has not yet done so. Its identity where we made it. */
function makeNew(work: LogWork, directory: Directory, generation: BytePath): FileIdentity | null {
  const old = openFile(directory, generation, work.identity, constants.O_RDONLY);
  if (old === null) return null;
  try {
    const made = makeLike(old, directory, work.place.name);
    if (made === null) return null;
    const identity = identityOf(fstatSync(made));
    closeSync(made);
    return identity;
  } finally {
    closeSync(old);
  }
}

/** The product went on with its old file: it gets its name back, while ours is still empty and nobody has it. */
function turnBack(work: LogWork, directory: Directory, generation: BytePath, made: FileIdentity | null): boolean {
  if (made === null || writersOf(made).length > 0) return false;
  const [active, aside] = [{ folder: directory.fd, name: work.place.name }, { folder: directory.fd, name: generation }];
  if (exchangeNames(active, aside) !== null) return false;
  const ours = openFile(directory, generation, made, constants.O_RDONLY);
  const isEmpty = ours !== null && fstatSync(ours).size === 0;
  if (ours !== null) closeSync(ours);
  if (isEmpty) unlinkSync(entryPath(directory, generation));
  fsyncSync(directory.fd);
  return true;
}

async function letReopen(work: LogWork, directory: Directory, generation: BytePath, reopening: Reopening): Promise<AsideOutcome> {
  const made = makeNew(work, directory, generation);
  work.watch('log-made');
  const untold = await reopening.tell();
  const timeoutMs = Math.min(REOPEN_MS_MAX, work.request.bounds.deadlineSeconds * 1000);
  const left = untold === null && (await waitUntilLeft(work.identity, timeoutMs));
  work.watch('log-told');
  if (left) return { result: 'set-aside', note: '' };
  const why = untold ?? `the product did not take a new file within ${timeoutMs / 1000} s`;
  if (turnBack(work, directory, generation, made)) return stayed(`${why}: the log has its name back, and nothing of it is lost`);
  return { result: 'set-aside', note: `${why}: it goes on writing to the log that was set aside, which stays as long as it does` };
}

/**
 * Sets a log aside by giving it another name and making the product open a new file.
 * Safety: nothing is lost at any moment, for who has the old file open goes on writing there; that file is never deleted while somebody writes to it.
 */
export async function asideByName(work: LogWork, directory: Directory, how: ReopenWay): Promise<AsideOutcome> {
  const reopening = await prepareReopening(work.request, work.identity, how);
  const earlier = lastRecord(work, 'log-renaming');
  const begun = earlier !== undefined && isThere(directory, nameFrom(earlier.generation), work) ? nameFrom(earlier.generation) : null;
  if (!reopening.ok) return begun === null ? stayed(`the log was not set aside: ${reopening.error}`) : { result: 'set-aside', note: `the product could not be told to take a new file: ${reopening.error}` };
  try {
    if (begun !== null) return await letReopen(work, directory, begun, reopening.value);
    if (work.isHeld) return stayed(HELD);
    if (!isThere(directory, work.place.name, work)) return stayed(MOVED_AWAY);
    const renamed = rename(work, directory);
    if ('why' in renamed) return stayed(renamed.why);
    work.watch('log-renamed');
    return await letReopen(work, directory, renamed.name, reopening.value);
  } finally {
    reopening.value.close();
  }
}
