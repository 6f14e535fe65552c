import { specSuite } from './fault-runs.js';
import type { Patch } from './patched-tree.js';
import { KILLED, stressCrash, stressModel, stressRace, type Suite } from './suite-runs.js';

/** One wall of the engine, how to take it away, and the suite that must see that it is gone. */
export interface Guard {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly suite: Suite;
  /** Tries or cases, at most; one in which something is wrong ends the run. */
  readonly most: number;
}

const FILES = 'libs/rotation-fs/src/files';
const SELECTION = 'libs/rotation/src/selection.ts';
const RACE_TRIES = 40_000;
const CRASH_CASES = 60;
const MODEL_CASES = 2_000;

const RACE: Suite = { name: 'race', run: stressRace, enough: 800 };
const MODEL: Suite = { name: 'model', run: stressModel, enough: 60 };
type Place = Parameters<typeof stressCrash>[1];
const suites = new Map<string, Suite>();
/** The same place is the same suite. */
function crashSuite(place: Place): Suite {
  const name = `${place.disk === null ? 'kill' : `power cut on ${place.disk}, journal ${place.journal}`} over ${place.pairs ? 'pairs' : 'files'}`;
  const suite = suites.get(name) ?? { name, run: (terms) => stressCrash(terms, place), enough: 3 };
  suites.set(name, suite);
  return suite;
}

const race = (name: string, ...patches: readonly Patch[]): Guard => ({ name: `race: ${name}`, patches, suite: RACE, most: RACE_TRIES });
const model = (name: string, ...patches: readonly Patch[]): Guard => ({ name: `model: ${name}`, patches, suite: MODEL, most: MODEL_CASES });
const crash = (name: string, place: Place, ...patches: readonly Patch[]): Guard => ({ name: `${place.disk === null ? 'crash' : 'power cut'}: ${name}`, patches, suite: crashSuite(place), most: CRASH_CASES });
const fault = (name: string, suite: Suite, ...patches: readonly Patch[]): Guard => ({ name: `fault: ${name}`, patches, suite, most: 1 });
const [files = { pairs: false, disk: null, journal: 'beside' }, pairs = files] = KILLED;

const FAULTS = 'test/fault/rotation-faults.spec.ts';
const ONE_CALL = specSuite('faults of one call', FAULTS, 'a disk that fails at one call');
const FULL_JOURNAL = specSuite('a full disk under the journal', FAULTS, 'under the journal stops the order before anything goes untold');
const JUMPING_CLOCK = specSuite('a clock that jumps', FAULTS, 'a clock that jumps');
const ROWS_REFUSED = specSuite('rows that are refused', 'test/fault/rotation-crash.spec.ts', 'a file whose rows the database refuses to give up');

const LOOKED_AT = 'facts.isFile && facts.nlink === 1 && facts.ino === planned.ino && facts.size === planned.size && facts.mtimeMs === planned.mtimeMs && facts.dev === planned.dev';
const ON_EXT4: Place = { pairs: false, disk: 'ext4', journal: 'beside' };
const ON_EXT4_TOLD_ELSEWHERE: Place = { ...ON_EXT4, journal: 'elsewhere' };
const patch = (file: string, find: string, replace: string): Patch => ({ file, find, replace });

/** Every wall that a suite proves. A wall that moved must move here too: the run says which text it no longer finds. */
export const GUARDS: readonly Guard[] = [
  race('what was taken in is the planned file', patch(`${FILES}/private-folder.ts`, LOOKED_AT, 'facts.isFile && facts.nlink === 1')),
  race('what was taken in has one name', patch(`${FILES}/private-folder.ts`, LOOKED_AT, LOOKED_AT.replace('facts.nlink === 1 && ', ''))),
  race('no link is followed on the way down', patch('libs/linux/src/folder-access.ts', 'DIRECTORY | NO_FOLLOW | CLOSE_ON_EXEC', 'DIRECTORY | CLOSE_ON_EXEC')),
  race('no mount is crossed', patch(`${FILES}/store-folder.ts`, 'if (mountId === parent.mountId) return ok', 'if (mountId > 0) return ok')),
  race('what is another file goes back', patch(`${FILES}/private-folder.ts`, "    this.putBack(folder, name, slot);\n    return 'changed-since-plan';", "    return 'changed-since-plan';")),
  crash('announced before it is touched', files, patch(`${FILES}/file-batch.ts`, '  work.journal.write(...(before === null ? [] : [before.account]), intent);\n', '  if (before !== null) work.journal.write(before.account);\n'), patch(`${FILES}/file-batch.ts`, "work.journal.write({ kind: 'moved',", "work.journal.write(intent, { kind: 'moved',")),
  crash('what an earlier run left open is ended first', files, patch(`${FILES}/settle-batch.ts`, "  if (open.way === 'forward') return ok(await resumeBatch(work, { ...open, moves, returning }, deleted));\n  returnBatch(work, moves);\n", '')),
  crash('the rows of files leave with them', pairs, patch(`${FILES}/file-batch.ts`, '  await removeRows(work, taken);\n', '')),
  crash('a deletion is on the disk before it is told', ON_EXT4_TOLD_ELSEWHERE, patch(`${FILES}/file-batch.ts`, "  work.watch('unlinked');\n  work.folders.sync();\n", '')),
  crash('the journal is on the disk before it counts', ON_EXT4, patch('libs/rotation-fs/src/journal/journal.ts', '      fsyncSync(this.fd);\n      this.#wholeBytes', '      this.#wholeBytes')),
  crash('our own folder is known under another number of its disk', ON_EXT4_TOLD_ELSEWHERE, patch(`${FILES}/own-folder.ts`, 'boolean => one.ino === other.ino && one.bornMs', 'boolean => one.dev === other.dev && one.ino === other.ino && one.bornMs')),
  crash('what was taken in is known under another number of its disk', ON_EXT4_TOLD_ELSEWHERE, patch(`${FILES}/settle-batch.ts`, 'const moves = onDevicesOfNow(work, open.moves);', 'const moves = open.moves;')),
  fault('a disk that fails on the way ends the order', ONE_CALL, patch(`${FILES}/private-folder.ts`, '  if (STOPPING.has(code)) throw new StoreInTrouble(code);\n', '')),
  fault('an order that a failing disk ends is accounted for', ONE_CALL, patch(`${FILES}/take-in.ts`, 'if (!(cause instanceof StoreInTrouble)) throw cause;', 'if (cause !== null) throw cause;')),
  fault('a journal that has no room stops the order before a file is touched', FULL_JOURNAL, patch('libs/rotation-fs/src/journal/journal.ts', '      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);\n', '      try {\n        for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);\n      } catch {\n        this.records.at(0);\n      }\n')),
  fault('files whose rows stay go back to them', ROWS_REFUSED, patch(`${FILES}/file-batch.ts`, '      returnBatch(work, taken);\n', '')),
  fault('a clock that jumps stops an order by age', JUMPING_CLOCK, patch('libs/rotation-fs/src/patience.ts', 'return byAge && apartMs > CLOCK_APART_MS_MAX', 'return byAge && apartMs < 0')),
  model('the newest stay', patch(SELECTION, 'this.#rank >= this.totals.dated - this.rules.keep.newest', 'this.#rank > this.totals.dated - this.rules.keep.newest')),
  model('what is held stays', patch(SELECTION, "return 'held';\n    if (this.#rank", "return null;\n    if (this.#rank")),
  model('the young stay', patch(SELECTION, 'if (atMs > this.rules.nowMs - this.rules.keep.youngerThanSeconds * 1000)', 'if (atMs > this.rules.nowMs)')),
  ...[['items', 'items > bounds.items'], ['bytes', 'bytes > bounds.bytes'], ['percent', 'percent > bounds.percent']].map(([what = '', passed = '']) => model(`above a bound of ${what} nothing goes`, patch('libs/rotation/src/bounds.ts', passed, `${passed} && bounds.items < 0`))),
  model('a clock that cannot be believed stops', patch('libs/rotation/src/clock-doubt.ts', 'if (clock.nowMs - clock.issuedAtMs > ORDER_AGE_MS_MAX)', 'if (clock.nowMs - clock.issuedAtMs > 2 * ORDER_AGE_MS_MAX)')),
  model('the oldest go first', patch(`${FILES}/item-window.ts`, 'return orderOf(this.atMs.subarray(0, this.#count), this.#ino.subarray(0, this.#count));', 'return orderOf(this.atMs.subarray(0, this.#count), this.#ino.subarray(0, this.#count)).reverse();')),
  model('only what was marked goes', patch(`${FILES}/why-not.ts`, 'return marked === null || marked.has(path(), identityOf(facts))', 'return marked === null || marked !== undefined')),
  model('what an order excludes stays', patch(`${FILES}/why-not.ts`, "if (isExcluded(folder, path)) return 'excluded';", '')),
  model('a hard-linked file stays', patch(`${FILES}/why-not.ts`, "if (facts.nlink > 1) return 'hard-linked';", ''), patch(`${FILES}/private-folder.ts`, LOOKED_AT, LOOKED_AT.replace('facts.nlink === 1 && ', ''))),
  model('what earlier runs deleted counts', patch(`${FILES}/rotate-files.ts`, 'deleted.bytes += record.bytes;', '')),
];
