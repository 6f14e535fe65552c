import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';

/** A store as the test declares it. */
export interface NaiveStore {
  readonly id: string;
  readonly kind: string;
  readonly files: readonly string[];
  readonly exclude: readonly string[];
  readonly clock: 'modified' | 'changed';
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

/** All entries below a folder but folders, by their paths from the host's root. */
function everything(root: string, below = ''): [path: string, stat: Stats][] {
  return readdirSync(`${root}${below}`, 'latin1').flatMap((name): [string, Stats][] => {
    const path = `${below}/${name}`;
    const stat = lstatSync(`${root}${path}`);
    return stat.isDirectory() ? everything(root, path) : [[path, stat]];
  });
}

const HOUR = 3_600_000;
const AGES_MS = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 90 * 24 * HOUR, 365 * 24 * HOUR];
const SIZES = [4_096, 65_536, 1_048_576, 16_777_216, 268_435_456];
const placeAmong = (ends: readonly number[], value: number): number => ends.filter((end) => value > end).length;

/** From a day on, moments count by the quarter of a day. */
const agedMs = (atMs: number, nowMs: number): number => (nowMs - atMs < 24 * HOUR ? nowMs - atMs : nowMs - Math.floor(atMs / (6 * HOUR)) * 6 * HOUR);

const empty = (): NaiveTotals => ({ items: 0, apparent: 0, allocated: 0, oldestMs: null, newestMs: null, linkedAgain: 0, notRegular: 0, lines: 0, contents: [], ages: AGES_MS.concat(0).map(() => 0), sizes: SIZES.concat(0).map(() => 0) });

function addFile(totals: NaiveTotals, { clock }: NaiveStore, stat: Stats, nowMs: number): void {
  const atMs = clock === 'changed' ? stat.ctimeMs : Math.min(stat.mtimeMs, stat.ctimeMs);
  totals.items += 1;
  totals.apparent += stat.size;
  totals.allocated += stat.blocks * 512;
  totals.oldestMs = Math.min(totals.oldestMs ?? atMs, atMs);
  totals.newestMs = Math.max(totals.newestMs ?? atMs, atMs);
  const [age, size] = [placeAmong(AGES_MS, agedMs(atMs, nowMs)), placeAmong(SIZES, stat.size)];
  totals.ages[age] = (totals.ages[age] ?? 0) + 1;
  totals.sizes[size] = (totals.sizes[size] ?? 0) + 1;
}

/**
 * What stores hold, found out in the plainest way: every entry looked at by its path, one after the other, nothing remembered.
 * It shares nothing with the product but what the documentation says.
 */
export function naiveInventory(root: string, stores: readonly NaiveStore[], nowMs: number): Record<string, NaiveTotals> {
  const totals = stores.map(empty);
  const linked = new Map<string, { stat: Stats; owners: number[] }>();
  for (const [path, stat] of everything(root)) {
    const owner = stores.findIndex((store) => isOf(store, path));
    const [store, own] = [stores[owner], totals[owner]];
    if (store === undefined || own === undefined) continue;
    if (!stat.isFile()) own.notRegular += 1;
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
