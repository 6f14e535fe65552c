import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Hold, Receipt } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { MarkedItems } from '@mailwarden/rotation-fs';
import { newOrder, type PlainStore, type Terms } from '../fault/plain-store.js';
import { PAGE_BYTES, type Entry, type Mishap, type RotationCase } from './random-case.js';

/** More than a case ever has. Room for a whole store's items would take longer to make than the case to run. */
const ITEMS_AT_ONCE = 4_096;

/** The host's clock stands: some days ago, so that a file can lie in its future and the kernel still knows the moment. Units: milliseconds. */
const CLOCK_BEHIND_MS = 2 * 86_400_000;
const BATCH_STEPS = 60;

class Crash extends Error {}

/** The same case on a real store with the real engine. */
export class RealRun {
  readonly #nowMs = Math.floor(Date.now() / 1000) * 1000 - CLOCK_BEHIND_MS;
  readonly #order = newOrder();

  constructor(
    private readonly host: PlainStore,
    private readonly given: RotationCase,
  ) {
    for (const folder of [host.store, this.#elsewhere]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    }
    for (const entry of given.entries) this.#make(entry);
  }

  /** What the plan says before anything is touched, as names from the oldest on. */
  async planned(): Promise<readonly string[]> {
    const preview = await this.host.preview(this.#terms());
    return preview.list.map(({ path }) => Buffer.from(path, 'latin1').toString('utf8').slice('/var/opt/product/backup/'.length));
  }

  /** Carries the order out, through all that befalls it. `between` is called after each mishap, while the executor is away. */
  async rotate(between: () => void): Promise<Receipt> {
    for (const mishap of this.given.mishaps) {
      const receipt = await this.#through(mishap);
      if (receipt !== null) return receipt;
      between();
    }
    return this.host.rotate(this.#order, this.#terms());
  }

  /** The same order again. */
  again = (): Promise<Receipt> => this.host.rotate(this.#order, this.#terms());
  /** Another order of the same words. */
  another = (): Promise<Receipt> => this.host.rotate(newOrder(), this.#terms());

  /** Names of all entries that are there, our own folders' files among them. */
  there = (): string[] => readdirSync(this.host.store, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(this.host.store.length + 1)).sort();

  get #elsewhere(): string {
    return join(this.host.root, 'elsewhere');
  }

  #make({ name, kind, pages, ageS }: Entry): void {
    const path = join(this.host.store, name);
    mkdirSync(dirname(path), { recursive: true });
    if (kind === 'symlink') return symlinkSync(join(this.#elsewhere, 'nowhere'), path);
    if (kind === 'fifo') return void execFileSync('/usr/bin/mkfifo', [path]);
    writeFileSync(path, Buffer.alloc(pages * PAGE_BYTES, 'x'));
    utimesSync(path, this.#nowMs / 1000 - ageS, this.#nowMs / 1000 - ageS);
    if (kind === 'hard-linked') linkSync(path, join(this.#elsewhere, `second-${name.replaceAll('/', '-')}`));
  }

  #terms(): Terms {
    const { watermarks, keep, bounds, issuedAgoS, onlyMarked } = this.given;
    return { watermarks: [...watermarks], keep, bounds, holds: this.#holds(), issuedAtMs: this.#nowMs - issuedAgoS * 1000, now: () => this.#nowMs, exclude: ['/var/opt/product/backup/**/spared-*', '/var/opt/product/backup/spared-*'], marked: onlyMarked ? this.#marked() : null, itemsAtOnce: ITEMS_AT_ONCE, store: { exclude: ['/var/opt/product/backup/**/young-*', '/var/opt/product/backup/young-*'] } };
  }

  #marked(): MarkedItems {
    const names = new Set(this.given.entries.filter(({ isMarked }) => isMarked).map(({ name }) => Buffer.from(`/var/opt/product/backup/${name}`).toString('latin1')));
    return { has: (path) => names.has(path), newestMs: null };
  }

  #holds(): Hold[] {
    const at = (ageS: number | null): string | null => (ageS === null ? null : instantOf(this.#nowMs - ageS * 1000));
    return this.given.holds.map(({ fromAgeS, untilAgeS, ofThisStore }, place) => ({ id: `hold-${place}`, profile: null, store: ofThisStore ? 'backup' : 'other', from: at(fromAgeS), until: at(untilAgeS), reason: 'a case' })) as Hold[];
  }

  /** Null where the executor was away before it could give an account. */
  async #through({ how, step }: Mishap): Promise<Receipt | null> {
    const until = new AbortController();
    let steps = 0;
    const watch = (): void => {
      if ((steps += 1) !== step || steps > BATCH_STEPS) return;
      if (how === 'crash') throw new Crash();
      until.abort('somebody asked for it');
    };
    try {
      return await this.host.rotate(this.#order, { ...this.#terms(), watch, stop: until.signal });
    } catch (cause) {
      if (cause instanceof Crash) return null;
      throw cause;
    }
  }
}
