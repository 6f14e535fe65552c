import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseProfile, type Profile } from '@mailwarden/catalogue';
import { observation as observationForm, type Observation, type StoreObservation } from '@mailwarden/contracts';
import { measureHost } from '@mailwarden/inventory-fs';
import { epochMsOf, type ServerName } from '@mailwarden/kernel';
import { describe, expect, it } from 'vitest';
import { naiveInventory, type NaiveStore, type NaiveTotals } from './naive-inventory.js';
import { testSeed } from '../test-seed.js';

const SETFACL = '/usr/bin/setfacl';
const SEED = testSeed();
const RUNS = 60;
/** Runs that walk in two threads, as on a real host; the others walk in this one, which is sooner started. */
const THREADED_SHARE = 20;
/** The scans of this test follow each other at once: their clock runs ahead, so that folders count as settled, and files as old enough not to be watched. Units: milliseconds. */
const AHEAD_MS = 2 * 86_400_000;

/** Where most stores with units have them. */
const UNIT_PLACES = ['v/a', 'v/b', 'v/c', 'w'];
const UNIT_DEPTH = 3;

interface Change {
  readonly what: 'create' | 'add-part' | 'new-unit' | 'unit-away' | 'empty-unit' | 'delete' | 'rename' | 'append' | 'truncate' | 'chmod' | 'chown' | 'link' | 'symlink' | 'mkdir' | 'move-folder' | 'nest' | 'list' | 'age' | 'chmod-folder' | 'remove-folder';
  readonly at: number;
  readonly other: number;
  readonly size: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom('create', 'create', 'create', 'add-part', 'add-part', 'new-unit', 'new-unit', 'new-unit', 'unit-away', 'empty-unit', 'delete', 'rename', 'append', 'truncate', 'chmod', 'chown', 'link', 'symlink', 'mkdir', 'move-folder', 'nest', 'list', 'age', 'chmod-folder', 'remove-folder'),
  at: fc.nat(1_000),
  other: fc.nat(1_000),
  size: fc.nat(9_000),
});
/** What happens between two scans. */
const interval = fc.record({ settles: fc.boolean(), changes: fc.array(change, { minLength: 0, maxLength: 4 }), memory: fc.constantFrom('kept', 'kept', 'kept', 'kept', 'damaged', 'lost', 'cut') });

const GLOBS = ['/v/a/**', '/v/a/x/**', '/v/b/**', '/v/b/*.log', '/v/*/x/**', '/v/**', '/v/a/?', '/v/c/**/f*', '/w/**'];
/** Which folders are one item each: inside of each other, deeper than the store's globs reach, and outside of it as well. */
const UNITS = ['/v/*/*', '/v/*/*', '/w/*', '/v/*/*/*', '/v/b/g*', '/w/**', '/v/c/**/f*', '/v/a'];
const unitsOf = fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...UNITS), { minLength: 1, maxLength: 4 }) });
const storesOf = fc.uniqueArray(fc.record({ units: unitsOf, glob: fc.constantFrom(...GLOBS), kind: fc.constantFrom('files', 'files', 'files', 'dump', 'configuration'), clock: fc.constantFrom('modified' as const, 'changed' as const), excludes: fc.boolean() }), { selector: ({ glob }) => glob, minLength: 1, maxLength: 5 });

const toStores = (declared: readonly { glob: string; kind: string; clock: 'modified' | 'changed'; excludes: boolean; units: readonly string[] }[]): NaiveStore[] =>
  declared.map(({ glob, kind, clock, excludes, units }, index) => ({ id: `store-${index}`, units, kind, files: [glob], clock, exclude: excludes ? ['/v/**/*.tmp'] : [] }));

function profileOf(stores: readonly NaiveStore[]): Profile {
  const lines = stores.map(({ id, kind, files, exclude, clock, units }) => `  - { id: ${id}, section: ${id}, kind: ${kind}, directories: null, files: ${JSON.stringify(files)}, exclude: ${JSON.stringify(exclude)}, units: ${JSON.stringify(units)}, clock: ${clock}, data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: false }`);
  const profile = parseProfile(['schema: mailwarden/profile/v1', 'id: random', 'product: { name: Random, vendor: None, versions: "*" }', 'sources: { here: { title: This test, url: null, date: null, kind: general } }', 'accounts: { service: root, groups: [] }', 'services: []', 'stores:', ...lines, ''].join('\n'));
  if (!profile.ok) throw new Error(profile.error.map(({ message }) => message).join('\n'));
  return profile.value;
}

/** A host that changes at random. */
class ChangingHost {
  readonly root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mailwarden-random-'));
  readonly memory = join(this.root, 'memory-is-outside-of-every-store');
  #made = 0;
  /** Files that did not change since this moment are not watched, and are changed no more but by what shows in a folder. Units: milliseconds since 1970. */
  oldUntilMs = 0;
  /** A name more changes the file alone, where that name lies in no store: by the clock `changed` this is as any other change of an old file. */
  linksOldFiles = true;

  constructor() {
    for (const folder of ['etc', 'v/a/x', 'v/b', 'v/c', 'w']) mkdirSync(join(this.root, folder), { recursive: true });
    writeFileSync(join(this.root, 'etc/passwd'), 'root:x:0:0::/:\nmail:x:8:8::/:\n');
  }

  folders(): string[] {
    return this.#entries((path) => lstatSync(path).isDirectory());
  }
  files(): string[] {
    return this.#entries((path) => lstatSync(path).isFile());
  }

  /** A part of an item, or any file of the host. */
  #anyFile(files: readonly string[], at: number): string {
    const inUnits = files.filter((path) => this.#units().some((unit) => path.startsWith(`${unit}/`)));
    return pick(at % 2 === 0 && inUnits.length > 0 ? inUnits : files, at);
  }

  /** Makes a change; one that this host has nothing for, or the kernel refuses, is none. */
  make({ what, at, other, size }: Change): void {
    const folder = pick(this.folders(), at);
    const files = this.files();
    const file = this.#anyFile(what === 'delete' || what === 'rename' || (what === 'link' && this.linksOldFiles) ? files : files.filter((path) => lstatSync(path).ctimeMs > this.oldUntilMs), other);
    const fresh = (): string => join(folder, `${['f', 'g', 'h.log', 'i.tmp', '\n'][at % 5]}${(this.#made += 1)}`);
    try {
      if (what === 'create') writeFileSync(fresh(), 'x\n'.repeat(size / 2));
      else if (what === 'mkdir') mkdirSync(fresh());
      else if (what === 'nest') mkdirSync(join(fresh(), 'x', 'y'), { recursive: true });
      else if (what === 'symlink') symlinkSync(at % 2 === 0 ? '/v' : 'absent', fresh());
      else if (what === 'new-unit') this.#unit(join(this.root, pick(UNIT_PLACES, other), `${at % 2 === 0 ? 'g' : 'f'}${(this.#made += 1)}`), size);
      else if (what === 'add-part') writeFileSync(join(pick(this.folders().filter((path) => path.split('/').length > UNIT_DEPTH + this.root.split('/').length), at), `f${(this.#made += 1)}`), 'x'.repeat(size));
      else if (what === 'unit-away') rmSync(pick(this.#units(), at), { recursive: true });
      else if (what === 'empty-unit') for (const name of readdirSync(pick(this.#units(), at))) rmSync(join(pick(this.#units(), at), name), { recursive: true });
      else if (what === 'chmod-folder') chmodSync(folder, [0o700, 0o755, 0o711, 0o1777][size % 4] ?? 0o700);
      else if (what === 'move-folder') renameSync(pick(this.folders(), other), fresh());
      else if (what === 'remove-folder') rmSync(folder, { recursive: true });
      else if (what === 'list') execFileSync(SETFACL, ['-m', `u:mail:${['r', 'rw', '-'][size % 3]}`, size % 5 === 0 ? folder : file], { stdio: 'ignore' });
      else this.#toFile(what, file, fresh, size);
    } catch {
      return;
    }
  }

  /** A letter that was taken apart. */
  #unit(path: string, size: number): void {
    mkdirSync(join(path, 'parts', size % 3 === 0 ? 'deep' : ''), { recursive: true });
    for (const name of ['email.txt', 'parts/f1', 'parts/f2', 'parts/f3', 'parts/f4', 'head'].slice(0, 1 + (size % 6))) writeFileSync(join(path, name), 'x'.repeat(size));
  }

  /** Folders that most stores with units count as one item each. */
  #units(): string[] {
    return this.folders().filter((path) => path.split('/').length === UNIT_DEPTH + this.root.split('/').length);
  }

  #toFile(what: Change['what'], file: string, fresh: () => string, size: number): void {
    if (what === 'delete') rmSync(file);
    else if (what === 'rename') renameSync(file, fresh());
    else if (what === 'append') appendFileSync(file, 'y'.repeat(size));
    else if (what === 'truncate') truncateSync(file, size);
    else if (what === 'chmod') chmodSync(file, [0o600, 0o644, 0o666, 0o640][size % 4] ?? 0o600);
    else if (what === 'chown') chownSync(file, size % 3, size % 2);
    else if (what === 'link') linkSync(file, fresh());
    else if (what === 'age') utimesSync(file, 1_700_000_000 + size * 10_000, 1_700_000_000 + size * 10_000);
  }

  /** Waits until the clock of the file system has moved on: what changes then has another time. */
  tick(): void {
    const probe = join(this.root, 'probe');
    const moment = (): number => {
      writeFileSync(probe, '');
      return lstatSync(probe).mtimeMs;
    };
    for (const before = moment(); moment() === before; );
  }

  #entries(wanted: (path: string) => boolean, below = ['v', 'w'].map((name) => join(this.root, name))): string[] {
    return below.filter(existsSync).flatMap((path) => [...(wanted(path) ? [path] : []), ...(lstatSync(path).isDirectory() ? this.#entries(wanted, readdirSync(path).map((name) => join(path, name))) : [])]);
  }

  spoilMemory(how: string): void {
    if (!existsSync(this.memory) || how === 'kept') return;
    for (const name of readdirSync(this.memory)) {
      const file = join(this.memory, name);
      const bytes = readFileSync(file);
      if (how === 'lost') rmSync(file);
      else if (how === 'cut') truncateSync(file, Math.floor(bytes.length / 2));
      else {
        bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      }
    }
  }
}

const pick = (list: readonly string[], at: number): string => list[at % Math.max(1, list.length)] ?? '/absent';

const measure = (root: string, profile: Profile, nowMs: number, memory: { folder: string; watchSeconds: number } | null, threads = 0): Promise<Observation> =>
  measureHost({ root, profile, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: () => nowMs, threads, memory: memory === null ? null : { ...memory, fullEveryHours: 24, settleMs: 0 } }).then((measured) => observationForm.parse(measured) as Observation);

const at = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));
const skippedOf = ({ skipped }: StoreObservation, wanted: string): number => skipped.find(({ reason }) => reason === wanted)?.items ?? 0;

function told(store: StoreObservation): unknown {
  if (!store.items.known || !store.bytesApparent.known || !store.bytesAllocated.known || !store.oldestAt.known || !store.newestAt.known) return store.unknown;
  const [oldest, newest] = [store.oldestAt.value, store.newestAt.value].map((instant) => (instant === null ? null : epochMsOf(instant)));
  return { items: store.items.value, apparent: store.bytesApparent.value, allocated: store.bytesAllocated.value, oldest, newest, linkedAgain: skippedOf(store, 'hard-linked-again'), notRegular: skippedOf(store, 'not-a-regular-file'), ages: store.ages?.items, sizes: store.sizes?.items, digest: store.contentDigest?.known === true ? store.contentDigest.value : null };
}

function expected(totals: NaiveTotals, store: StoreObservation): unknown {
  const { items, apparent, allocated, oldestMs, newestMs, linkedAgain, notRegular, ages, sizes, contents } = totals;
  const digest = store.contentDigest === undefined ? null : createHash('sha256').update(contents.sort().join('\n')).digest('hex');
  return { items, apparent, allocated, oldest: at(oldestMs), newest: at(newestMs), linkedAgain, notRegular, ages, sizes, digest };
}

/** All that a scan says and that does not depend on the scan before. */
const lasting = ({ stores }: Observation): unknown => stores.map(({ growth: _growth, contentChangedAt: _changed, fileSystem: _room, skipped, ...rest }) => ({ ...rest, skipped: [...skipped].sort((a, b) => (a.reason < b.reason ? -1 : 1)), access: { ...rest.access, breaches: [...rest.access.breaches].map(({ because: _because, mode: _mode, ...breach }) => breach).sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1), accounts: rest.access.accounts.map(({ name, read, write }) => ({ name, read, write })) } }));

describe('a scan that remembers', () => {
  it(`tells what a plain one tells, after every change, restart and damage (seed ${SEED})`, async () => {
    let run = 0;
    let [remembered, parts] = [0, 0];
    await fc.assert(
      fc.asyncProperty(storesOf, fc.array(change, { minLength: 10, maxLength: 40 }), fc.array(interval, { minLength: 3, maxLength: 10 }), async (declared, first, intervals) => {
        const threads = (run += 1) % THREADED_SHARE === 0 ? 2 : 0;
        const host = new ChangingHost();
        try {
          const stores = toStores(declared);
          const profile = profileOf(stores);
          host.linksOldFiles = stores.every(({ clock }) => clock === 'modified');
          for (const one of first) host.make(one);
          for (const { settles, changes, memory } of intervals) {
            host.tick();
            if (settles) host.oldUntilMs = Date.now();
            for (const one of changes) host.make(one);
            host.spoilMemory(memory);
            const nowMs = Date.now() + AHEAD_MS;
            const fast = await measure(host.root, profile, nowMs, { folder: host.memory, watchSeconds: (nowMs - host.oldUntilMs) / 1000 }, threads);
            remembered += fast.effort?.foldersRemembered ?? 0;
            const naive = naiveInventory(host.root, stores, nowMs);
            parts += Object.values(naive).reduce((sum, totals) => sum + totals.parts, 0);
            for (const store of fast.stores) expect(told(store)).toEqual(expected(naive[store.id] as NaiveTotals, store));
            expect(lasting(fast)).toEqual(lasting(await measure(host.root, profile, nowMs, null)));
            if (memory === 'damaged' || memory === 'cut') expect([null, 'the memory of earlier scans was thrown away: it was damaged']).toContain(fast.effort?.notice);
          }
        } finally {
          rmSync(host.root, { recursive: true });
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true /* Each step waits for the clock of the file system: shrinking would take hours. The counterexample is printed. */ },
    );
    expect(remembered).toBeGreaterThan(RUNS);
    expect(parts).toBeGreaterThan(2 * RUNS);
  }, 300_000);
});
