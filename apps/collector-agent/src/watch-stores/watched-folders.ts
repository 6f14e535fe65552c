import type { Profile } from '@mailwarden/catalogue';
import { compilePatterns, type BytePath, type PatternSet } from '@mailwarden/inventory';
import { FOLDER_EVENTS, type Inotify } from '@mailwarden/linux';
import { closeDirectory, openChildDirectory, openDirectoryBeneath, type Directory } from '@mailwarden/inventory-fs';
import type { ProfileId } from '@mailwarden/kernel';
import { childFolders } from './child-folders.js';

const { closedAfterWriting, created, deleted, ignored, isFolder, movedIn, movedOut, overflow, rights, selfDeleted, selfMoved, unmounted, written } = FOLDER_EVENTS;
/** Folders of stores: whatever changes amounts or rights. */
const OF_STORES = written | closedAfterWriting | created | deleted | movedIn | movedOut | rights | selfDeleted | selfMoved;
/** Folders on the way to a store: who gets in, and whether the way leads there still. */
const OF_WAYS = rights | selfDeleted | selfMoved;
const GONE = selfDeleted | selfMoved | unmounted;
const NEW_FOLDER = created | movedIn;
/** Folders are open on the way down: this bounds the descriptors. */
const DEPTH_MAX = 64;
/** Folders of one folder that are watched: a product that makes more is measured, and not watched there. */
const FOLDERS_PER_FOLDER_MAX = 100_000;
/** New folders that are followed at once. Where more come, all is looked for anew, which takes its rest. */
const ARRIVED_MAX = 1_000;
const pathOf = (names: readonly BytePath[]): BytePath => names.map((name) => `/${name}`).join('');

/** What became known of a change. */
export interface Changes {
  /** Profiles of which something changed. */
  readonly changed: ReadonlySet<ProfileId>;
  /** True where folders came, went or moved in a way that the watches do not follow by themselves. */
  readonly moved: boolean;
}

interface Plan {
  readonly profile: ProfileId;
  readonly patterns: PatternSet;
}

/** One watched folder. A folder can be in a store of one profile and on the way to one of another. */
interface Watched {
  readonly path: BytePath;
  readonly stores: Set<Plan>;
  readonly ways: Set<ProfileId>;
  /** Names of folders that do not exist yet, and would be on the way. */
  readonly expected: Set<BytePath>;
}

/**
 * The folders of stores, and those on the way to them, as far as they are watched.
 * Privacy: what happened to which entry is forgotten at once; all that stays is that a profile's stores changed.
 */
export class WatchedFolders {
  readonly #folders = new Map<number, Watched>();
  readonly #partly = new Set<ProfileId>();
  #plans: readonly Plan[] = [];

  constructor(
    private readonly inotify: Inotify,
    private readonly foldersMax: number,
  ) {}

  get size(): number {
    return this.#folders.size;
  }

  /** Profiles that have more folders than may be watched, or folders that cannot be. */
  get partly(): ReadonlySet<ProfileId> {
    return this.#partly;
  }

  /** Watches what the profiles, with their variables filled in, name on this host; what was watched before and is named no more is let go. */
  async arm(root: Directory, profiles: readonly Profile[]): Promise<void> {
    const before = new Set(this.#folders.keys());
    this.#folders.clear();
    this.#partly.clear();
    this.#plans = profiles.map(({ id, stores }) => ({ profile: id, patterns: compilePatterns(stores.flatMap(({ files }) => files)) }));
    for (const plan of this.#plans) for (const start of plan.patterns.roots) await this.#armWay(root, start, plan);
    for (const watch of before) if (!this.#folders.has(watch)) this.inotify.unwatch(watch);
  }

  /** Reads what happened, as much as so many buffers of the kernel hold. */
  async take(root: Directory, readsMax: number): Promise<Changes> {
    const changed = new Set<ProfileId>();
    const arrived = new Map<BytePath, Set<Plan>>();
    let moved = false;
    const takeEvent = (watch: number, mask: number, name: () => BytePath): void => {
      if ((mask & overflow) !== 0) {
        for (const { profile } of this.#plans) changed.add(profile);
        moved = true;
      }
      const folder = this.#folders.get(watch);
      if (folder === undefined) return;
      if ((mask & ignored) !== 0) this.#folders.delete(watch);
      if ((mask & GONE) !== 0 || ((mask & movedOut) !== 0 && (mask & isFolder) !== 0)) moved = true;
      if (this.#leadsOn(folder, mask, name)) moved = true;
      for (const profile of folder.ways) if ((mask & OF_WAYS) !== 0 && name() === '') changed.add(profile);
      this.#inStores(folder, mask, name, changed, arrived);
    };
    let reads = 0;
    while (reads < readsMax && this.inotify.read(takeEvent)) reads += 1;
    if (arrived.size > ARRIVED_MAX) moved = true;
    if (!moved) for (const [path, plans] of arrived) for (const plan of plans) await this.#armNew(root, path, plan);
    return { changed: moved ? new Set(this.#plans.map(({ profile }) => profile)) : changed, moved };
  }

  /** True where a folder came that a way to a store was waiting for. */
  #leadsOn({ expected }: Watched, mask: number, name: () => BytePath): boolean {
    return expected.size > 0 && (mask & NEW_FOLDER) !== 0 && (mask & isFolder) !== 0 && expected.has(name());
  }

  #inStores(folder: Watched, mask: number, name: () => BytePath, changed: Set<ProfileId>, arrived: Map<BytePath, Set<Plan>>): void {
    for (const plan of folder.stores) {
      const isNewFolder = (mask & NEW_FOLDER) !== 0 && (mask & isFolder) !== 0;
      if (!isNewFolder && changed.has(plan.profile)) continue;
      const entry = name();
      const path = entry === '' ? folder.path : `${folder.path}/${entry}`;
      const isOwn = entry === '' || plan.patterns.ownsFolder(folder.path) || ((mask & isFolder) !== 0 ? plan.patterns.mayHold(path) : plan.patterns.matches(path));
      if (!isOwn) continue;
      changed.add(plan.profile);
      if (isNewFolder) arrived.set(path, (arrived.get(path) ?? new Set()).add(plan));
    }
  }

  /** Watches the way from the host's root to where a profile's stores begin, and from there on everything below. */
  async #armWay(root: Directory, start: BytePath, plan: Plan): Promise<void> {
    const names = start.split('/').filter((part) => part !== '');
    let current = openChildDirectory(root, '.', true);
    for (const [index, name] of names.entries()) {
      if (!current.ok) break;
      const directory = current.value;
      const path = pathOf(names.slice(0, index));
      this.#watch(directory, path, plan, OF_WAYS)?.ways.add(plan.profile);
      current = openChildDirectory(directory, name, true);
      if (!current.ok && current.error === 'absent') this.#watch(directory, path, plan, NEW_FOLDER)?.expected.add(name);
      closeDirectory(directory);
    }
    if (current.ok) await this.#armBelow(current.value, pathOf(names), plan, 0);
    else if (current.error !== 'absent') this.#partly.add(plan.profile);
  }

  /** A folder that came into a watched one, with what it holds already: that may have been there before it was watched. */
  async #armNew(root: Directory, path: BytePath, plan: Plan): Promise<void> {
    const found = openDirectoryBeneath(root, path);
    if (found.ok) await this.#armBelow(found.value.directory, path, plan, 0);
  }

  /** Watches a folder and those below it, and closes it. */
  async #armBelow(directory: Directory, path: BytePath, plan: Plan, depth: number): Promise<void> {
    try {
      const watched = this.#watch(directory, path, plan, OF_STORES);
      watched?.stores.add(plan);
      if (watched === undefined) return;
      const names = await childFolders(directory, FOLDERS_PER_FOLDER_MAX);
      if (names.length === FOLDERS_PER_FOLDER_MAX) this.#partly.add(plan.profile);
      for (const name of names) {
        const below = `${path}/${name}`;
        if (!plan.patterns.mayHold(below)) continue;
        const child = depth < DEPTH_MAX ? openChildDirectory(directory, name) : null;
        if (child?.ok === true) await this.#armBelow(child.value, below, plan, depth + 1);
        else if (child === null || child.error === 'permission-denied') this.#partly.add(plan.profile);
        if (this.#folders.size >= this.foldersMax) return void this.#partly.add(plan.profile);
      }
    } catch {
      this.#partly.add(plan.profile); // The folder went away meanwhile, or its disk does not answer: the next scan tells.
    } finally {
      closeDirectory(directory);
    }
  }

  #watch(directory: Directory, path: BytePath, { profile }: Plan, mask: number): Watched | undefined {
    const watch = this.#folders.size < this.foldersMax ? this.inotify.watch(directory.fd, mask) : 'ENOSPC';
    if (typeof watch === 'string') {
      this.#partly.add(profile);
      return undefined;
    }
    const watched = this.#folders.get(watch) ?? { path, stores: new Set(), ways: new Set(), expected: new Set() };
    this.#folders.set(watch, watched);
    return watched;
  }
}
