import { basename } from 'node:path';
import type { Profile, Store } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import { accessOf, ageClassOf, compilePatterns, sizeClassOf, type Account, type Accounts } from '@mailwarden/inventory';
import { instantOf, known, unknown, type Measured } from '@mailwarden/kernel';
import type { DumpSeen } from './dump-search.js';
import type { RunningProcess } from './running-process.js';

const BLOCK_BYTES = 512;
/** Accounts that an observation takes. */
const SHOWN_MAX = 64;
/** A name that the kernel keeps of a program. Units: bytes. */
const KEPT_NAME_LENGTH = 15;

/** Programs that run what anybody wrote: a dump of one tells of no product. */
const INTERPRETERS = /^(?:ba|da|z|k)?sh$|^busybox$|^(?:perl|python|php|ruby|lua|java|node)[\d.]*$/;

/** Whether a dump's program is one of the product: by a name that its processes have now, or by the beginning that its services give to their programs. */
export function programsOf({ services }: Pick<Profile, 'services'>, running: readonly Pick<RunningProcess, 'name'>[]): (program: string) => boolean {
  const names = new Set([...services.map((service) => service.replace(/(?:@.*)?\.service$/, '')), ...running.map(({ name }) => name).filter((name) => !INTERPRETERS.test(name))].map((name) => name.slice(0, KEPT_NAME_LENGTH)));
  return (program) => {
    const name = basename(program);
    return names.has(name.slice(0, KEPT_NAME_LENGTH)) || services.some((service) => name.startsWith(service) && /^[-_.]/.test(name.slice(service.length)));
  };
}

/** Dumps of the product that the profile's own patterns do not take in. What a link of another kind or a second name leads to counts once. */
export function beyondPatterns(store: Store, dumps: readonly DumpSeen[]): DumpSeen[] {
  const [patterns, excluded] = [compilePatterns(store.files), compilePatterns(store.exclude)];
  const seen = new Set<string>();
  return dumps.filter(({ path, stat }) => {
    const key = `${stat.dev}:${stat.ino}`;
    if (seen.has(key) || (patterns.matches(path) && !excluded.matches(path))) return false;
    seen.add(key);
    return true;
  });
}

function plus(value: Measured<number>, more: number): Measured<number> {
  if (!value.known) return value;
  return Number.isSafeInteger(value.value + more) ? known(value.value + more, value.source) : unknown('its dumps claim to be larger than can be counted');
}
type Moment = StoreObservation['oldestAt'];
const chosen = (value: Moment, ms: number, isBetter: (a: number, b: number) => boolean): Moment => (value.known && (value.value === null || isBetter(ms, Date.parse(value.value))) ? known(instantOf(Math.round(ms)), value.source) : value);

type Spread = NonNullable<StoreObservation['ages']>;

/** A spread with one more file in each of the given classes. */
function spread(of: Spread, more: readonly { readonly place: number; readonly bytes: number }[]): Spread {
  const [items, bytes] = [[...of.items], [...of.bytes]];
  for (const { place, bytes: taken } of more) {
    items[place] = (items[place] ?? 0) + 1;
    bytes[place] = (bytes[place] ?? 0) + taken;
  }
  return { items, bytes };
}

/** The observation of a store of dumps with those that lie elsewhere. A dump that lies in the folder of another store is counted there as a file as well: here it counts as what it is. */
export function withDumps(observed: StoreObservation, dumps: readonly DumpSeen[], nowMs: number): StoreObservation {
  if (dumps.length === 0) return observed;
  const [apparent, allocated] = [dumps.reduce((sum, { stat }) => sum + stat.size, 0), dumps.reduce((sum, { stat }) => sum + stat.blocks * BLOCK_BYTES, 0)];
  const times = dumps.map(({ stat }) => Math.max(0, Math.min(stat.mtimeMs, stat.ctimeMs)));
  const inClasses = (classOf: (dump: DumpSeen, atMs: number) => number) => dumps.map((dump, index) => ({ place: classOf(dump, times[index] ?? nowMs), bytes: dump.stat.blocks * BLOCK_BYTES }));
  return {
    ...observed,
    present: true,
    items: plus(observed.items, dumps.length),
    bytesApparent: plus(observed.bytesApparent, apparent),
    bytesAllocated: plus(observed.bytesAllocated, allocated),
    oldestAt: chosen(observed.oldestAt, Math.min(...times), (a, b) => a < b),
    newestAt: chosen(observed.newestAt, Math.max(...times), (a, b) => a > b),
    ...(observed.ages === undefined ? {} : { ages: spread(observed.ages, inClasses((_dump, atMs) => ageClassOf(atMs, nowMs))) }),
    ...(observed.sizes === undefined ? {} : { sizes: spread(observed.sizes, inClasses(({ stat }) => sizeClassOf(stat.size))) }),
  };
}


/** Who gets at dumps that lie elsewhere, added to who gets at those of the store's own folders. */
export function withDumpAccess(observed: StoreObservation, store: Store, dumps: readonly DumpSeen[], accounts: Accounts | null, shownName: (account: Account) => string): StoreObservation {
  if (dumps.length === 0 || accounts === null) return observed;
  const entries = dumps.map(({ stat: { uid, gid, mode }, through }) => ({ uid, gid, mode: mode & 0o7777, folder: false, through, items: 1 }));
  const more = accessOf({ entries, accounts, protection: store.protection, shownName });
  const known = new Set(observed.access.accounts.map(({ name }) => name));
  return {
    ...observed,
    access: { accounts: [...observed.access.accounts, ...more.accounts.filter(({ name }) => !known.has(name))].slice(0, SHOWN_MAX), breaches: [...observed.access.breaches, ...more.breaches].slice(0, SHOWN_MAX) },
  };
}
