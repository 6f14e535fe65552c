import type { HostSettings, Profile } from '@mailwarden/catalogue';
import type { Observation, UndeclaredData } from '@mailwarden/contracts';
import { foundBy, lookForUndeclared, makePace, withHost, type Look } from '@mailwarden/inventory-fs';
import type { Measured, ProfileId } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';

/** The whole host is looked at so often. Units: milliseconds. */
const EVERY_MS = 6 * 3_600_000;
/** Between two rounds of one look, and before the first, so that the first measurements come first. Units: milliseconds. */
const PAUSE_MS = 2_000;
/** One round ends after so many entries or so long, whichever comes first. Units: entries, milliseconds. */
const ROUND_ENTRIES_MAX = 100_000;
const ROUND_MS_MAX = 10_000;
/** Nothing of this is urgent: it takes a quarter of what scans may. */
const SHARE_OF_BUDGET = 0.25;

type Settings = Pick<AgentSettings, 'root' | 'scanCpuPercent' | 'spoolDir'>;

/**
 * Looks at the whole host, a few times a day and in small rounds, for data that no store of any profile covers. It runs beside the scans, so that nothing waits for it.
 * What it found is part of every observation from then on, until the next look has ended.
 */
export class UndeclaredLook {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #going: Look | null = null;
  #ended: Look | null = null;
  readonly #found: (() => void)[] = [];

  constructor(
    private readonly settings: Settings,
    private readonly profiles: readonly Profile[],
    private readonly hostSettings: HostSettings,
    private readonly log: Logger,
  ) {}

  /** Told when a look has ended. */
  onFound(listener: () => void): void {
    this.#found.push(listener);
  }

  start(): void {
    if (this.hostSettings.lookForUndeclared !== false) this.#later(PAUSE_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  /** What is known so far; undefined where nobody looks. */
  foundOf(profile: ProfileId): Measured<UndeclaredData[]> | undefined {
    const look = this.#ended ?? this.#going;
    return look === null ? undefined : foundBy(look, profile);
  }

  /** An observation with what was found of its profile. */
  addTo(observation: Observation): Observation {
    const undeclared = this.foundOf(observation.profile);
    return undeclared === undefined ? observation : { ...observation, undeclared };
  }

  #later(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#round()
        .catch((cause: unknown) => this.log.error({ err: cause }, 'the look outside the stores failed; it is tried again'))
        .then(() => this.#later(this.#going === null ? EVERY_MS : PAUSE_MS));
    }, delayMs);
  }

  async #round(): Promise<void> {
    const nowMs = Date.now();
    const pace = makePace({ cpuPercent: this.settings.scanCpuPercent * SHARE_OF_BUDGET, deadlineMs: nowMs + ROUND_MS_MAX, yieldsToPressure: true });
    const terms = { pace, entriesMax: ROUND_ENTRIES_MAX, nowMs, excluded: [this.settings.spoolDir, ...(this.hostSettings.undeclaredExcluded ?? [])] };
    this.#going = await withHost(this.settings.root, this.hostSettings, (host) => lookForUndeclared(host, this.profiles, this.#going, terms));
    if (this.#going.after !== null) return;
    const { entries, partly, trouble } = this.#going;
    this.log.info({ entries, partly, trouble }, 'looked for data outside every store');
    this.#ended = this.#going;
    this.#going = null;
    for (const listener of this.#found) listener();
  }
}
