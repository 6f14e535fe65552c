import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MESSAGE_TYPES, subjects, type Observation } from '@mailwarden/contracts';
import type { HostSettings, Profile } from '@mailwarden/catalogue';
import type { ProfileId } from '@mailwarden/kernel';
import { measureHost, untoldPressure } from '@mailwarden/inventory-fs';
import { withPermitted } from '@mailwarden/policy';
import type { Logger } from '@mailwarden/observability';
import type { Tracer } from '@mailwarden/tracing';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { Outbox } from '../forward-messages/outbox.js';
import { intervalMs, paceOf } from './scan-terms.js';
import { withoutAddresses } from './without-addresses.js';

/** A scan that follows an order or a policy starts this much later, so that a burst of them becomes one scan. Units: milliseconds. */
const SOON_MS = 200;

/** An agent that is to end waits this long for a scan, which by its budget may take minutes; what it did not finish, the next one measures. Units: milliseconds. */
const STOP_MS_MAX = 2_000;

/** Folder of the memory of earlier scans, below the only one that the agent writes. */
const MEMORY_FOLDER = 'scan-memory';

const noResult = (): undefined => undefined;

/** Measures every profile of this host in turn, again and again, one scan at a time. */
export class Scanner {
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  readonly #measured: (() => Promise<void>)[] = [];
  readonly #additions: ((observation: Observation) => Observation)[] = [];

  constructor(
    private readonly settings: AgentSettings,
    private readonly profiles: readonly Profile[],
    private readonly host: { readonly settings: HostSettings; readonly hashKey: Uint8Array },
    private readonly state: AgentState,
    private readonly outbox: Outbox,
    private readonly log: Logger,
    private readonly tracer: Tracer,
  ) {}

  onMeasured(listener: () => Promise<void>): void {
    this.#measured.push(listener);
  }

  /** Adds to what is measured, before it leaves the host, what something else knows. */
  addWith(addition: (observation: Observation) => Observation): void {
    this.#additions.push(addition);
  }

  start(): void {
    const untold = untoldPressure();
    if (untold.length > 0) this.log.info({ untold }, 'the kernel does not tell this pressure: none is assumed, and scans keep to their budget alone');
    this.#schedule(0);
  }

  /** Asks for a scan soon. While one runs, one more follows it. */
  scanSoon(): void {
    if (this.#running !== null) this.#again = true;
    else this.#schedule(SOON_MS);
  }

  /** Measures some profiles as soon as no other scan runs, beside the rounds that go on as they are. */
  async measure(ids: readonly ProfileId[]): Promise<readonly Observation[]> {
    while (this.#running !== null) await this.#running;
    if (this.#stopped) return [];
    const measuring = this.#scanAll(this.profiles.filter(({ id }) => ids.includes(id)));
    this.#running = measuring.then(noResult).finally(() => {
      this.#running = null;
      if (this.#again) this.#schedule(SOON_MS);
      this.#again = false;
    });
    return measuring;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.race([this.#running, sleep(STOP_MS_MAX, undefined, { ref: false })]);
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#round(), delayMs);
  }

  async #round(): Promise<void> {
    while (this.#running !== null) await this.#running;
    if (this.#stopped) return;
    this.#running = this.#scanAll(this.profiles).then(noResult).finally(() => {
      this.#running = null;
      this.#schedule(this.#again ? SOON_MS : intervalMs(this.settings, this.state.bundleAt(Date.now())));
      this.#again = false;
    });
  }

  /** Never rejects: what fails is logged, and tried again. */
  async #scanAll(profiles: readonly Profile[]): Promise<Observation[]> {
    const observations: Observation[] = [];
    const begunMs = performance.now();
    for (const profile of profiles) {
      try {
        observations.push(await this.tracer.span({ name: 'measure a profile', kind: 'internal', from: { traceparent: undefined }, facts: { 'mailwarden.server': this.settings.server, 'mailwarden.profile': profile.id } }, () => this.#scan(profile)));
      } catch (cause) {
        this.log.error({ profile: profile.id, err: cause }, 'the scan failed; the next one tries again');
      }
    }
    if (observations.length > 0) this.state.scanMs = Math.round(performance.now() - begunMs);
    for (const listener of this.#measured) {
      try {
        await listener();
      } catch (cause) {
        this.log.error({ err: cause }, 'what follows a scan failed; the next scan tries again');
      }
    }
    return observations;
  }

  async #scan(profile: Profile): Promise<Observation> {
    const measured = await measureHost({
      root: this.settings.root,
      profile: withPermitted(profile, this.state.bundleAt(Date.now())?.access ?? []),
      hostSettings: this.host.settings,
      server: this.settings.server,
      hashKey: this.host.hashKey,
      bundleVersion: this.state.bundle?.version ?? null,
      afterOrder: this.state.lastOrder,
      now: Date.now,
      pace: paceOf(this.settings, this.state.bundleAt(Date.now()), Date.now()),
      threads: this.settings.scanWorkers,
      memory: { folder: join(this.settings.spoolDir, MEMORY_FOLDER), fullEveryHours: this.settings.scanFullEveryHours },
    });
    const observation = withoutAddresses(this.#additions.reduce((sum, addition) => addition(sum), measured));
    this.state.observations.set(profile.id, observation);
    await this.outbox.append({
      class: 'measurement',
      subject: subjects.observation(this.settings.server),
      type: MESSAGE_TYPES.observation,
      data: observation,
    });
    this.log.info({ profile: profile.id, stores: observation.stores.length, durationMs: observation.durationMs, ...observation.effort }, 'stores measured');
    return observation;
  }
}
