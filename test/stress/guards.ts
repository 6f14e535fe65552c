import { KILLED, stressCrash, stressModel, stressRace, type StressEnd, type StressTerms } from './suite-runs.js';
import type { Patch } from './patched-tree.js';

/** One wall of the engine, how to take it away, and the suite that must see that it is gone. */
export interface Guard {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Runs of the suite, at most; one that finds something ends it. */
  readonly seen: (terms: StressTerms) => Promise<StressEnd>;
  readonly most: number;
}

const FILES = 'libs/rotation-fs/src/files';
const SELECTION = 'libs/rotation/src/selection.ts';
const RACE_TRIES = 40_000;
const CRASH_CASES = 40;
const MODEL_CASES = 2_000;

const race = (name: string, ...patches: readonly Patch[]): Guard => ({ name: `race: ${name}`, patches, seen: stressRace, most: RACE_TRIES });
const model = (name: string, ...patches: readonly Patch[]): Guard => ({ name: `model: ${name}`, patches, seen: stressModel, most: MODEL_CASES });
const crash = (name: string, place: Parameters<typeof stressCrash>[1], ...patches: readonly Patch[]): Guard => ({ name: `crash: ${name}`, patches, seen: (terms) => stressCrash(terms, place), most: CRASH_CASES });
const [files = { pairs: false, disk: null, journal: 'beside' }, pairs = files] = KILLED;

const LOOKED_AT = 'facts.isFile && facts.nlink === 1 && facts.ino === planned.ino && facts.size === planned.size && facts.mtimeMs === planned.mtimeMs && facts.dev === planned.dev';
const patch = (file: string, find: string, replace: string): Patch => ({ file, find, replace });

/** Every wall that a suite proves. A wall that moved must move here too: the run says which text it no longer finds. */
export const GUARDS: readonly Guard[] = [
  race('what was taken in is the planned file', patch(`${FILES}/private-folder.ts`, LOOKED_AT, 'facts.isFile && facts.nlink === 1')),
  race('what was taken in has one name', patch(`${FILES}/private-folder.ts`, LOOKED_AT, LOOKED_AT.replace('facts.nlink === 1 && ', ''))),
  race('no link is followed on the way down', patch('libs/linux/src/folder-access.ts', 'DIRECTORY | NO_FOLLOW | CLOSE_ON_EXEC', 'DIRECTORY | CLOSE_ON_EXEC')),
  race('no mount is crossed', patch(`${FILES}/store-folder.ts`, 'if (mountId === parent.mountId) return ok', 'if (mountId > 0) return ok')),
  race('what is another file goes back', patch(`${FILES}/private-folder.ts`, "    this.putBack(folder, name, slot);\n    return 'changed-since-plan';", "    return 'changed-since-plan';")),
  crash('announced before it is touched', files, patch(`${FILES}/file-batch.ts`, '  work.journal.write(...(before === null ? [] : [before.account]), intent);\n', '  if (before !== null) work.journal.write(before.account);\n'), patch(`${FILES}/file-batch.ts`, "work.journal.write({ kind: 'moved',", "work.journal.write(intent, { kind: 'moved',")),
  crash('what an earlier run left open is ended first', files, patch(`${FILES}/settle-batch.ts`, "  if (open.way === 'forward') await resumeBatch(work, moves, deleted);\n  else returnBatch(work, moves);\n", '')),
  crash('the rows of files leave with them', pairs, patch(`${FILES}/file-batch.ts`, '  await removeRows(work, taken);\n', '')),
  crash('a deletion is on the disk before it is told', { pairs: false, disk: 'ext4', journal: 'elsewhere' }, patch(`${FILES}/file-batch.ts`, "  work.watch('unlinked');\n  work.folders.sync();\n", '')),
  crash('the journal is on the disk before it counts', { pairs: false, disk: 'ext4', journal: 'beside' }, patch('libs/rotation-fs/src/journal/journal.ts', '    fsyncSync(this.fd);\n    for (const', '    for (const')),
  model('the newest stay', patch(SELECTION, 'this.#rank >= this.totals.items - this.rules.keep.newest', 'this.#rank > this.totals.items - this.rules.keep.newest')),
  model('what is held stays', patch(SELECTION, "return 'held';\n    if (this.#rank", "return null;\n    if (this.#rank")),
  model('the young stay', patch(SELECTION, 'if (atMs > this.rules.nowMs - this.rules.keep.youngerThanSeconds * 1000)', 'if (atMs > this.rules.nowMs)')),
  model('above a bound nothing goes', patch('libs/rotation/src/bounds.ts', 'if (items > bounds.items)', 'if (items > bounds.items + 1)')),
  model('a clock that cannot be believed stops', patch('libs/rotation/src/clock-doubt.ts', 'if (clock.nowMs - clock.issuedAtMs > ORDER_AGE_MS_MAX)', 'if (clock.nowMs - clock.issuedAtMs > 2 * ORDER_AGE_MS_MAX)')),
  model('the oldest go first', patch(`${FILES}/item-window.ts`, 'return orderOf(this.atMs.subarray(0, this.#count), this.#ino.subarray(0, this.#count));', 'return orderOf(this.atMs.subarray(0, this.#count), this.#ino.subarray(0, this.#count)).reverse();')),
  model('only what was marked goes', patch(`${FILES}/why-not.ts`, 'return marked === null || marked.has(path(), identityOf(facts))', 'return marked === null || marked !== undefined')),
  model('what an order excludes stays', patch(`${FILES}/why-not.ts`, "if (isExcluded(folder, path)) return 'excluded';", '')),
  model('a hard-linked file stays', patch(`${FILES}/why-not.ts`, "if (facts.nlink > 1) return 'hard-linked';", ''), patch(`${FILES}/private-folder.ts`, LOOKED_AT, LOOKED_AT.replace('facts.nlink === 1 && ', ''))),
  model('what earlier runs deleted counts', patch(`${FILES}/rotate-files.ts`, 'deleted.bytes += record.bytes;', '')),
];
