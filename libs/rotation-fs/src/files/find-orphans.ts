import type { HalfRow, HeldSpan, TrimChoice } from '@mailwarden/product-database';
import { err, ok, type Result } from '@mailwarden/kernel';
import { concernsStore } from '@mailwarden/rotation';
import type { BytePath } from '@mailwarden/inventory';
import type { ApplyRequest } from '../rotate-request.js';
import { heldSpans } from '../tables/held-spans.js';
import { halfNameOf } from './file-work.js';
import { inTurns } from './in-turns.js';
import type { ItemWindow } from './item-window.js';
import { compareNames, mayBelongTogether, placeInStore } from './lone-halves.js';
import { spellingsOf, type OtherHalf } from './other-half.js';
import { storeNames, type StoreNames } from './store-names.js';
import { survey } from './survey.js';

/** A pair that is just being written is never taken for halves. Units: seconds. */
const AGE_SECONDS_MIN = 3_600;
/** Halves are compared by name, in memory; a store of more is left as it is. */
const NAMES_MAX = 500_000;
const TOO_MANY_FILES = `more than ${NAMES_MAX} files: orphans were not looked for`;
const ASKED_AT_ONCE = 1_000;
const MS_PER_SECOND = 1_000;

/** Halves that are alone and old enough. Units: bytes. */
export interface FoundOrphans {
  readonly window: ItemWindow;
  /** Their places in the window, oldest first. */
  readonly files: readonly number[];
  readonly rows: readonly HalfRow[];
  readonly bytes: number;
  /** Files and rows of the store, whole pairs among them. */
  readonly all: number;
  readonly roots: readonly BytePath[];
  readonly choice: TrimChoice;
  /** What stays all the same, and why, in words. */
  readonly notes: readonly string[];
}

const isHeld = (spans: readonly HeldSpan[], ms: number): boolean => spans.some(({ fromMs, untilMs }) => ms >= fromMs && ms <= untilMs);

/** Files that no row names, oldest first, by their places in a window. Those that come after `upTo` of the oldest with a moment always stay. A file whose name no row can spell is not known to be alone. */
async function loneFiles(window: ItemWindow, otherHalf: OtherHalf, named: ReadonlySet<string>, { choice, upTo }: { readonly choice: TrimChoice; readonly upTo: number }): Promise<number[]> {
  const isOld = (ms: number | undefined): boolean => ms !== undefined && ms < choice.beforeMs && !isHeld(choice.held, ms);
  const unnamed = [...window.order()].slice(0, Math.max(0, upTo)).filter((place) => {
    if (window.blockedBy(place) !== null || !isOld(window.atMs[place]) || !isOld(window.otherMs[place])) return false;
    const spellings = spellingsOf(halfNameOf(window.fileAt(place)));
    return spellings.length > 0 && !spellings.some((spelling) => named.has(spelling));
  });
  const lone: number[] = [];
  for (let at = 0; at < unnamed.length; at += ASKED_AT_ONCE) {
    const some = unnamed.slice(at, at + ASKED_AT_ONCE);
    const found = await otherHalf.rows.filesWithRows(some.flatMap((place) => spellingsOf(halfNameOf(window.fileAt(place))))); // Rows that came since.
    lone.push(...some.filter((place) => !spellingsOf(halfNameOf(window.fileAt(place))).some((spelling) => found.has(spelling))));
  }
  return lone;
}

/** Rows whose file is in neither of two looks at the store. Their names are of the store, and tell where in it the file would be. */
async function loneRows(otherHalf: OtherHalf, seen: readonly StoreNames[], choice: TrimChoice): Promise<HalfRow[]> {
  const isLone = (file: string): boolean => seen.every(({ paths, roots }) => {
    const place = placeInStore(file, roots);
    return place !== null && !paths.has(place);
  });
  const lone: HalfRow[] = [];
  for (let after: string | null = null; ; ) {
    const halves = await otherHalf.rows.halves(choice, after, ASKED_AT_ONCE);
    lone.push(...halves.filter(({ file }) => isLone(file)));
    after = halves.at(-1)?.key ?? null;
    if (halves.length < ASKED_AT_ONCE || after === null) return lone;
  }
}

/** Rows that may go, and what says which of the others stay. Where something hides files of the store, none may. */
async function lookForRows(request: ApplyRequest, otherHalf: OtherHalf, seen: StoreNames, unfound: readonly string[], choice: TrimChoice): Promise<{ readonly rows: readonly HalfRow[]; readonly again: StoreNames; readonly notes: readonly string[] }> {
  // A mark is of a file; no row was ever announced by one.
  if (request.marked !== null || unfound.length === 0) return { rows: [], again: seen, notes: [] };
  const again = seen.unseen === null ? await inTurns(storeNames(request, NAMES_MAX)) : seen; // A letter that was moved meanwhile is in one look at least.
  const unseen = again === null ? TOO_MANY_FILES : again.unseen;
  if (again === null || unseen !== null) return { rows: [], again: seen, notes: [`rows without a file stay: ${unseen ?? ''}`] };
  const elsewhere = unfound.filter((name) => placeInStore(name, seen.roots) === null).length;
  return { rows: await loneRows(otherHalf, [seen, again], choice), again, notes: elsewhere === 0 ? [] : [`${elsewhere} rows stay: they name no place in the store that can be told`] };
}

const ONE_LETTER = 'a row without a file and a file without a row end in the same name: rows may spell the way to their files in a manner that is not known here';

/** Halves that outnumber whole pairs are no accident of single letters: the folder is not mounted, or the table was emptied or brought back from another time. */
function doubtOf(found: { readonly files: number; readonly rows: number; readonly whole: number }): string | null {
  if (found.files > found.whole) return `${found.files} files have no row and ${found.whole} have one: the table may have been emptied or restored`;
  return found.rows > found.whole ? `${found.rows} rows have no file and ${found.whole} have one: the folder may not be the right one, or not be mounted` : null;
}

function choiceOf({ holds, keep, store, profile }: ApplyRequest, nowMs: number): TrimChoice {
  const ageSeconds = Math.max(AGE_SECONDS_MIN, keep.youngerThanSeconds, store.quietPeriodSeconds);
  return { beforeMs: nowMs - ageSeconds * MS_PER_SECOND, held: heldSpans(holds.filter((hold) => concernsStore(hold, profile.id, store.id))) };
}

/**
 * Looks for files without a row and rows without a file, older than a named age. Errors: why none of them may go, in words.
 * Safety: what is held, young, blocked or among the newest that always stay is none. Where halves outnumber pairs, or where a lone row and a lone file may be one letter, none may go.
 */
export async function findOrphans(request: ApplyRequest, otherHalf: OtherHalf): Promise<Result<FoundOrphans, string>> {
  const nowMs = request.now();
  const choice = choiceOf(request, nowMs);
  const names = await otherHalf.rows.fileNames(NAMES_MAX);
  if (names === null) return err(`more than ${NAMES_MAX} rows: orphans were not looked for`);
  const seen = await inTurns(storeNames(request, NAMES_MAX));
  if (seen === null) return err(TOO_MANY_FILES);
  const { window, unreadable, totals } = await inTurns(survey(request, { nowMs, floor: null, oneByOne: true }));
  if (unreadable !== null) return err(unreadable);
  const { whole, unfound, unnamed } = compareNames(names, seen);
  const files = await loneFiles(window, otherHalf, new Set(names), { choice, upTo: totals.dated - request.keep.newest });
  const { rows, again, notes } = await lookForRows(request, otherHalf, seen, unfound, choice);
  const bytes = files.reduce((sum, place) => sum + (window.bytes[place] ?? 0), 0);
  const inStore = unfound.filter((name) => placeInStore(name, seen.roots) !== null).length;
  const found: FoundOrphans = { window, files, rows, bytes, all: totals.items + whole + inStore, roots: seen.roots, choice, notes };
  if (files.length + rows.length === 0) return ok(found);
  const since = again === seen ? [] : compareNames(names, again).unnamed;
  const doubt = doubtOf({ files: files.length, rows: rows.length, whole }) ?? (mayBelongTogether([...unfound, ...rows.map(({ file }) => file)], [...unnamed, ...since]) ? ONE_LETTER : null);
  return doubt === null ? ok(found) : err(`orphans stay: ${doubt}`);
}
