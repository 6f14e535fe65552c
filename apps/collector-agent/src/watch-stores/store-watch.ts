import type { HostSettings, Profile } from '@mailwarden/catalogue';
import type { Observation } from '@mailwarden/contracts';
import { resolveOnHost, withHost, type Host } from '@mailwarden/inventory-fs';
import type { ProfileId } from '@mailwarden/kernel';
import { Inotify } from '@mailwarden/linux';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import { foldersToWatch } from './watch-limit.js';
import { WatchedFolders } from './watched-folders.js';

/** How often it is asked what changed: this, and no event, wakes the agent. Units: milliseconds. */
const LOOK_MS = 500;
/** Buffers that one look takes; what is left waits for the next one, and the kernel says when it had to drop some. */
const READS_PER_LOOK = 16;
/** Folders are looked for anew no more often than this, however many come and go. Units: milliseconds. */
const REARM_MS_MIN = 2_000;
/** A new look costs this much rest for each unit of its own time, so that folders that come and go all the time cost no more than 5 % of a core. */
const REARM_REST = 20;
/** And at least this often, so that nothing that was missed stays so. Units: milliseconds. */
const REARM_MS_MAX = 3_600_000;
/** Profiles are measured anew no more often than this. Units: milliseconds. */
const QUIET_MS_MIN = 1_000;

/** What the watch needs of a scanner. */
export interface Measuring {
  /** Measures these profiles as soon as no other scan runs. */
  measure(profiles: readonly ProfileId[]): Promise<readonly Observation[]>;
}

type Settings = Pick<AgentSettings, 'root' | 'watchFoldersMax' | 'scanCpuPercent'>;

/**
 * Rest after a quick scan, so that quick scans one after the other stay within the budget; what a scan rested by itself counts. Units: milliseconds.
 */
export function quietMs(observations: readonly Pick<Observation, 'durationMs' | 'effort'>[], cpuPercent: number): number {
  const paused = observations.reduce((sum, { effort }) => sum + (effort?.pausedMs ?? 0), 0);
  const busy = Math.max(0, observations.reduce((sum, { durationMs }) => sum + durationMs, 0) - paused);
  return Math.max(QUIET_MS_MIN, busy * (100 / Math.min(100, cpuPercent) - 1) - paused);
}

/**
 * Has a profile measured soon after something of it changed. The cost does not grow with what happens: the kernel collects, the agent looks twice a second and measures within its budget.
 * Where not everything can be watched, it says so, and the rest is seen by the next scan.
 */
export class StoreWatch {
  #inotify: Inotify | null = null;
  #folders: WatchedFolders | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #measuring = false;
  #stopped = false;
  readonly #changed = new Set<ProfileId>();
  #armedMs = Number.NEGATIVE_INFINITY;
  #rearmMs = 0;
  #moved = true;
  #quietUntilMs = 0;
  #told: string | null = null;
  #isArmed = false;
  #failing = false;

  constructor(
    private readonly settings: Settings,
    private readonly profiles: readonly Profile[],
    private readonly hostSettings: HostSettings,
    private readonly scanner: Measuring,
    private readonly log: Logger,
  ) {}

  /** Why changes of a profile can wait for the next scan; null where they are all seen at once. */
  noticeFor(profile: ProfileId): string | null {
    if (this.settings.watchFoldersMax === 0) return null;
    if (this.#inotify === null || this.#folders === null) return 'changes are not watched on this host; each scan finds them';
    return this.#folders.partly.has(profile) ? 'not every folder could be watched; changes in the others are found by the next scan' : null;
  }

  /** An observation with the notice, where its scan has none of its own. */
  addTo(observation: Observation): Observation {
    const notice = this.noticeFor(observation.profile);
    return observation.effort === undefined || observation.effort.notice !== null || notice === null ? observation : { ...observation, effort: { ...observation.effort, notice } };
  }

  start(): void {
    const foldersMax = foldersToWatch(this.settings.watchFoldersMax);
    if (this.settings.watchFoldersMax === 0) return;
    try {
      if (foldersMax === 0) throw new Error('the kernel allows no watches');
      this.#inotify = Inotify.open();
      this.#folders = new WatchedFolders(this.#inotify, foldersMax);
    } catch (cause) {
      this.log.warn({ err: cause }, 'changes cannot be watched on this host; each scan finds them');
      return;
    }
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
    this.#inotify?.close();
    this.#inotify = null;
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .then(() => void (this.#failing = false), (cause: unknown) => this.#noteFailure(cause))
        .then(() => this.#lookLater());
    }, LOOK_MS);
  }

  /** Said once, however often it fails in a row: twice a second would fill a disk. */
  #noteFailure(cause: unknown): void {
    if (!this.#failing) this.log.error({ err: cause }, 'the look for changes failed; it is tried again, and each scan finds them meanwhile');
    this.#failing = true;
    this.#moved = true;
  }

  async #look(): Promise<void> {
    const folders = this.#folders;
    if (folders === null) return;
    await withHost(this.settings.root, this.hostSettings, async (host) => {
      const { changed, moved } = await folders.take(host.root, READS_PER_LOOK);
      for (const profile of changed) this.#changed.add(profile);
      this.#moved ||= moved;
      await this.#armWhenDue(host, folders);
      if (this.#isArmed) this.#tell(folders);
    });
    if (this.#changed.size > 0) void this.#measure();
  }

  async #armWhenDue(host: Host, folders: WatchedFolders): Promise<void> {
    const startedMs = performance.now();
    const sinceMs = startedMs - this.#armedMs;
    if (sinceMs < (this.#moved ? this.#rearmMs : REARM_MS_MAX)) return;
    this.#moved = false;
    const resolved = await Promise.all(this.profiles.map((profile) => resolveOnHost(host, profile)));
    await folders.arm(host.root, resolved);
    this.#armedMs = performance.now();
    this.#rearmMs = Math.max(REARM_MS_MIN, REARM_REST * (this.#armedMs - startedMs));
    // What changed while folders were not watched yet is found by looking.
    for (const { id } of this.profiles) this.#changed.add(id);
    this.#isArmed = true;
  }

  /** Says once how far the watch reaches, and again when that changes. */
  #tell(folders: WatchedFolders): void {
    const partly = [...folders.partly].sort();
    if (this.#told === partly.join()) return;
    this.#told = partly.join();
    if (partly.length === 0) this.log.info({ folders: folders.size }, 'every folder of every store is watched');
    else this.log.warn({ folders: folders.size, profiles: partly }, 'not every folder could be watched; changes in the others are found by the next scan');
  }

  async #measure(): Promise<void> {
    if (this.#measuring || performance.now() < this.#quietUntilMs) return;
    this.#measuring = true;
    const profiles = [...this.#changed];
    this.#changed.clear();
    try {
      const observations = await this.scanner.measure(profiles);
      this.#quietUntilMs = performance.now() + quietMs(observations, this.settings.scanCpuPercent);
    } catch (cause) {
      this.log.error({ err: cause }, 'a scan after a change failed; the next one tries again');
      this.#quietUntilMs = performance.now() + QUIET_MS_MIN;
    } finally {
      this.#measuring = false;
    }
  }
}
