import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseProfile, type Profile, type Store } from '@mailwarden/catalogue';
import type { StoreObservation } from '@mailwarden/contracts';
import { measureHost, withHost } from '@mailwarden/inventory-fs';
import { epochMsOf, type ServerName } from '@mailwarden/kernel';
import { previewStore, type Preview } from '@mailwarden/rotation-fs';
import { describe, expect, it } from 'vitest';
import { testSeed } from '../test-seed.js';

const SEED = testSeed();
const RUNS = 20;
const OLD_S = 1_700_000_000;
/** A file and a pipe that get more names: within an item, each of them is a part. */
const LINKED = 'linked';
const PIPE = 'pipe';

interface Entry {
  readonly path: readonly string[];
  readonly what: 'file' | 'folder' | 'symlink' | 'pipe' | 'second-name';
  readonly size: number;
  readonly ageS: number;
}
const name = fc.constantFrom('a', 'b', 'c', 'amavis-1', 'amavis-2', 'amavis-3', 'kept.d', 'p', '.mailwarden-x');
const entry: fc.Arbitrary<Entry> = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 5 }),
  what: fc.constantFrom('file', 'file', 'file', 'file', 'folder', 'symlink', 'pipe', 'second-name'),
  size: fc.integer({ min: 0, max: 20_000 }),
  ageS: fc.nat(50_000_000),
});
const declared = fc.record({
  clock: fc.constantFrom('modified' as const, 'changed' as const),
  units: fc.uniqueArray(fc.constantFrom('/s/*', '/s/amavis-*', '/s/*/*', '/s/**/amavis-?', '/s/a/**'), { maxLength: 3 }),
  exclude: fc.uniqueArray(fc.constantFrom('/s/kept.d/**', '/s/**/kept.d/p', '/s/b/*'), { maxLength: 1 }),
  /** A store that comes before, and owns what it takes in. */
  first: fc.option(fc.constantFrom('/s/a/**', '/s/b/c/**', '/s/amavis-1/p')),
});
type Declared = typeof declared extends fc.Arbitrary<infer T> ? T : never;

function profileOf({ clock, units, exclude, first }: Declared): Profile {
  const store = (id: string, files: string, more: string): string => `  - { id: ${id}, section: ${id}, kind: files, directories: null, files: [ "${files}" ], ${more}, data-categories: null, duration: not-stated, protection: { accounts: [ root ], groups: [], source: here }, rotatable: true, quiet-period: 0s }`;
  const stores = [...(first === null ? [] : [store('first', first, `clock: ${clock}`)]), store('letters', '/s/**', `clock: ${clock}, units: ${JSON.stringify(units)}, exclude: ${JSON.stringify(exclude)}`)];
  const profile = parseProfile(['schema: mailwarden/profile/v1', 'id: random', 'product: { name: Random, vendor: None, versions: "*" }', 'sources: { here: { title: This test, url: null, date: null, kind: general } }', 'accounts: { service: root, groups: [] }', 'services: []', 'stores:', ...stores, ''].join('\n'));
  if (!profile.ok) throw new Error(JSON.stringify(profile.error));
  return profile.value;
}

/** Makes an entry, unless its name is taken by something of another kind. */
function make(root: string, { path, what, size, ageS }: Entry): void {
  const full = join(root, 's', ...path);
  try {
    mkdirSync(what === 'folder' ? full : join(full, '..'), { recursive: true });
    if (what === 'file') writeFileSync(full, 'x'.repeat(size), { flag: 'wx' /* A pipe that has the name would never be opened. */ });
    else if (what === 'symlink') symlinkSync(size % 2 === 0 ? join(root, 'etc') : 'absent', full);
    else if (what === 'pipe') linkSync(join(root, PIPE), full);
    else if (what === 'second-name') linkSync(join(root, LINKED), full);
    if (what === 'file') utimesSync(full, OLD_S - ageS, OLD_S - ageS);
  } catch {
    return;
  }
}

const preview = (root: string, profile: Profile, store: Store): Promise<Preview & { items: { atMs: number; bytes: number }[] }> =>
  withHost(root, { databases: {} }, async (host) => {
    const found = await previewStore({ host, profile, store, watermarks: [{ kind: 'records', limit: 0, target: 0 }], clock: store.clock, keep: { newest: 0, youngerThanSeconds: 0 }, bounds: { items: 1e6, bytes: 1e12, percent: 100, deadlineSeconds: 60 }, holds: [], exclude: [], overwrite: false, orphans: 'keep', pace: { itemsPerSecond: null, bytesPerSecond: null }, marked: null, stop: null, issuedAtMs: Date.now(), hashKey: Buffer.from('key'), now: Date.now });
    return { ...found, items: [...(found.list ?? [])] };
  });

const scan = (root: string, profile: Profile, memory: string): Promise<StoreObservation[]> =>
  measureHost({ root, profile, hostSettings: { databases: {} }, server: 'host-1' as ServerName, hashKey: null, bundleVersion: null, afterOrder: null, now: () => Date.now() + 86_400_000 * 2, threads: 0, memory: { folder: memory, fullEveryHours: 24 } }).then(({ stores }) => [...stores]);

const value = <T>(measured: { readonly known: boolean; readonly value?: T }): T => {
  if (!measured.known) throw new Error('it is not known');
  return measured.value as T;
};
const moment = (measured: StoreObservation['oldestAt']): number | null => {
  const instant = value<Parameters<typeof epochMsOf>[0] | null>(measured as never);
  return instant === null ? null : epochMsOf(instant);
};

describe('a scan and what rotation would do', () => {
  it(`count the same items, of the same room and age, in the same trees (seed ${SEED})`, async () => {
    let [folders, whole] = [0, 0];
    await fc.assert(
      fc.asyncProperty(declared, fc.array(entry, { minLength: 5, maxLength: 40 }), async (terms, entries) => {
        const root = mkdtempSync(join(tmpdir(), 'mailwarden-agree-'));
        try {
          mkdirSync(join(root, 'etc'));
          for (const beginning of ['a', 'b/c', 'amavis-1']) mkdirSync(join(root, 's', beginning), { recursive: true });
          writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n');
          writeFileSync(join(root, LINKED), 'x'.repeat(5_000));
          execFileSync('mkfifo', [join(root, PIPE)]);
          // Outside of items, rotation counts each name of a file and a scan the file once.
          for (const one of entries) if (one.what !== 'second-name' || (terms.units.includes('/s/*') && one.path.length > 1 && terms.exclude.length === 0 && terms.first === null)) make(root, one);
          const profile = profileOf(terms);
          const previews = new Map(await Promise.all(profile.stores.map(async (store) => [store.id, await preview(root, profile, store)] as const)));
          for (const memory of ['full', 'incremental']) {
            for (const observed of await scan(root, profile, join(root, 'memory'))) {
              const { before, items, skipped } = previews.get(observed.id) as NonNullable<ReturnType<typeof previews.get>>;
              expect([memory, value(observed.items), value(observed.bytesAllocated)]).toEqual([memory, before.items, before.bytes]);
              if (observed.id === 'letters' && terms.units.length > 0) folders += before.items;
              if ([...skipped.keys()].some((reason) => reason !== 'not-a-regular-file') || items.length !== before.items) continue;
              whole += 1;
              const moments = items.map(({ atMs }) => Math.round(atMs));
              expect([moment(observed.oldestAt), moment(observed.newestAt)]).toEqual(moments.length === 0 ? [null, null] : [Math.min(...moments), Math.max(...moments)]);
            }
          }
        } finally {
          rmSync(root, { recursive: true });
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect([folders > RUNS, whole > RUNS]).toEqual([true, true]);
  }, 300_000);
});
