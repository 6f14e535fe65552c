import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';

/** A store as the test declares it. */
export interface NaiveStore {
  readonly id: string;
  readonly kind: string;
  readonly files: readonly string[];
  readonly exclude: readonly string[];
  readonly clock: 'modified' | 'changed';
  /** Folders that are one item each. */
  readonly units: readonly string[];
}

export interface NaiveTotals {
  items: number;
  apparent: number;
  allocated: number;
  oldestMs: number | null;
  newestMs: number | null;
  linkedAgain: number;
  notRegular: number;
  lines: number;
  /** Files that are parts of an item. */
  parts: number;
  contents: string[];
  ages: number[];
  sizes: number[];
}

/** Components of a glob against components of a path: `**` for any number of them, at least one at the end; `*` and `?` within one. */
function matches(glob: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return path.length === 0;
  if (first === '**') return rest.length === 0 ? path.length > 0 : [...path.keys(), path.length].some((skipped) => matches(rest, path.slice(skipped)));
  const [head, ...tail] = path;
  return head !== undefined && matchesName(first, head) && matches(rest, tail);
}

function matchesName(glob: string, name: string): boolean {
  if (glob === '') return name === '';
  if (glob.startsWith('*')) return [...name, ''].some((_letter, at) => matchesName(glob.slice(1), name.slice(at)));
  return name !== '' && (glob.startsWith('?') || glob[0] === name[0]) && matchesName(glob.slice(1), name.slice(1));
}

const parts = (path: string): string[] => path.split('/').slice(1);
const isOf = (store: NaiveStore, path: string): boolean => store.files.some((glob) => matches(parts(glob), parts(path))) && !store.exclude.some((glob) => matches(parts(glob), parts(path)));

/** Whether a glob could take in something that lies below a folder. */
function mayHold(glob: readonly string[], folder: readonly string[]): boolean {
  const [first, ...rest] = glob;
  const [head, ...tail] = folder;
  if (first === undefined) return false;
  return first === '**' || head === undefined || (matchesName(first, head) && mayHold(rest, tail));
}

const ANY_NAME = '\u0001 a name that nobody thought of';
const holdsAll = (store: NaiveStore, folder: string): boolean => store.files.some((glob) => matches(parts(glob), [...parts(folder), ANY_NAME]));
const beginningOf = (glob: string): string => glob.split('/').slice(0, glob.split('/').findIndex((part) => /[*?]/.test(part))).join('/');

/** The store of which a folder is one item: it is named as one, lies in the store, and no part of it is left out or belongs to a store that comes before. */
function unitOwner(stores: readonly NaiveStore[], folder: string): number {
  return stores.findIndex((store, index) => {
    if (!store.units.some((glob) => matches(parts(glob), parts(folder))) || !holdsAll(store, folder)) return false;
    if (!store.files.some((glob) => folder.startsWith(`${beginningOf(glob)}/`))) return false;
    return ![...store.exclude, ...stores.slice(0, index).flatMap(({ files }) => files)].some((glob) => mayHold(parts(glob), parts(folder)));
  });
}

interface NaiveUnit {
  readonly owner: number;
  readonly own: Stats;
  readonly parts: Stats[];
}

/** All entries below a folder but folders, by their paths from the host's root; `unit` is the item that one is a part of. */
function everything(root: string, stores: readonly NaiveStore[], units: NaiveUnit[], below = '', unit: NaiveUnit | null = null): [path: string, stat: Stats, unit: NaiveUnit | null][] {
  return readdirSync(`${root}${below}`, 'latin1').flatMap((name): [string, Stats, NaiveUnit | null][] => {
    const path = `${below}/${name}`;
    const stat = lstatSync(`${root}${path}`);
    unit?.parts.push(stat);
    if (!stat.isDirectory()) return [[path, stat, unit]];
    const owner = unit === null ? unitOwner(stores, path) : -1;
    const begun = owner === -1 ? unit : { owner, own: stat, parts: [] };
    if (begun !== null && begun !== unit) units.push(begun);
    return everything(root, stores, units, path, begun);
  });
}

const HOUR = 3_600_000;
const AGES_MS = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 90 * 24 * HOUR, 365 * 24 * HOUR];
const SIZES = [4_096, 65_536, 1_048_576, 16_777_216, 268_435_456];
const placeAmong = (ends: readonly number[], value: number): number => ends.filter((end) => value > end).length;

/** From a day on, moments count by the quarter of a day. */
const agedMs = (atMs: number, nowMs: number): number => (nowMs - atMs < 24 * HOUR ? nowMs - atMs : nowMs - Math.floor(atMs / (6 * HOUR)) * 6 * HOUR);

const empty = (): NaiveTotals => ({ items: 0, apparent: 0, allocated: 0, oldestMs: null, newestMs: null, linkedAgain: 0, notRegular: 0, lines: 0, parts: 0, contents: [], ages: AGES_MS.concat(0).map(() => 0), sizes: SIZES.concat(0).map(() => 0) });

const momentOf = ({ mtimeMs, ctimeMs }: Stats, { clock }: NaiveStore): number => (clock === 'changed' ? ctimeMs : Math.min(mtimeMs, ctimeMs));
const addFile = (totals: NaiveTotals, store: NaiveStore, stat: Stats, nowMs: number): void => addItem(totals, { size: stat.size, allocated: stat.blocks * 512, atMs: momentOf(stat, store) }, nowMs);

/** A folder that is one item takes up what all parts of it do, and is as young as the youngest; one without any is as old as itself. */
function addUnit(totals: NaiveTotals, store: NaiveStore, { own, parts: all }: NaiveUnit, nowMs: number): void {
  const [sizes, blocks] = [all.filter((part) => part.isFile()).map(({ size }) => size), all.map((part) => part.blocks)];
  const moments = all.filter((part) => !part.isDirectory()).map((part) => momentOf(part, store));
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  addItem(totals, { size: sum(sizes), allocated: sum(blocks) * 512, atMs: moments.length === 0 ? momentOf(own, store) : Math.max(...moments) }, nowMs);
}

function addItem(totals: NaiveTotals, { size, allocated, atMs }: { size: number; allocated: number; atMs: number }, nowMs: number): void {
  totals.items += 1;
  totals.apparent += size;
  totals.allocated += allocated;
  totals.oldestMs = Math.min(totals.oldestMs ?? atMs, atMs);
  totals.newestMs = Math.max(totals.newestMs ?? atMs, atMs);
  const [age, large] = [placeAmong(AGES_MS, agedMs(atMs, nowMs)), placeAmong(SIZES, size)];
  totals.ages[age] = (totals.ages[age] ?? 0) + 1;
  totals.sizes[large] = (totals.sizes[large] ?? 0) + 1;
}

/**
 * What stores hold, found out in the plainest way: every entry looked at by its path, one after the other, nothing remembered.
 * It shares nothing with the product but what the documentation says.
 */
export function naiveInventory(root: string, stores: readonly NaiveStore[], nowMs: number): Record<string, NaiveTotals> {
  const totals = stores.map(empty);
  const linked = new Map<string, { stat: Stats; owners: number[] }>();
  const units: NaiveUnit[] = [];
  const entries = everything(root, stores, units);
  for (const unit of units) addUnit(totals[unit.owner] as NaiveTotals, stores[unit.owner] as NaiveStore, unit, nowMs);
  for (const [path, stat, unit] of entries) {
    const owner = unit?.owner ?? stores.findIndex((store) => isOf(store, path));
    const [store, own] = [stores[owner], totals[owner]];
    if (store === undefined || own === undefined) continue;
    if (unit !== null && !stat.isFile()) continue;
    if (!stat.isFile()) own.notRegular += 1;
    else if (unit !== null) own.parts += 1;
    else if (stat.nlink === 1) addFile(own, store, stat, nowMs);
    else {
      const key = `${stat.dev} ${stat.ino}`;
      linked.set(key, { stat, owners: [...(linked.get(key)?.owners ?? []), owner] });
    }
    if (!stat.isFile()) continue;
    const bytes = readFileSync(`${root}${path}`);
    own.lines += bytes.toString('latin1').split('\n').length - 1;
    own.contents.push(`${createHash('sha256').update(path, 'latin1').digest('hex')} ${createHash('sha256').update(bytes).digest('hex')}`);
  }
  for (const { stat, owners } of linked.values()) {
    const [first = 0, ...others] = owners.sort((a, b) => a - b);
    addFile(totals[first] as NaiveTotals, stores[first] as NaiveStore, stat, nowMs);
    for (const other of others) (totals[other] as NaiveTotals).linkedAgain += 1;
  }
  return Object.fromEntries(stores.map(({ id }, index) => [id, totals[index] as NaiveTotals]));
}
