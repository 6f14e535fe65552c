import type { Logger } from '@mailwarden/observability';
import type { LiveUpdates } from '../live-updates/live-updates.js';
import type { FleetEnrolment } from './fleet-enrolment.js';
import type { Removals } from './removals.js';

/** Which servers go by themselves: those with a label, after so many days away. */
export interface RetirementRule {
  readonly label: readonly [string, string];
  readonly days: number;
}

const LOOK_EVERY_MS = 60_000;

/** Retires servers that were made for a time and are gone. */
export class RetirementClock {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(
    private readonly rule: RetirementRule | null,
    private readonly parts: { readonly removals: Removals; readonly fleet: FleetEnrolment; readonly live: LiveUpdates; readonly log: Logger },
  ) {}

  start(): void {
    const { rule } = this;
    if (rule === null) return;
    this.#timer = setInterval(() => {
      this.#working = this.#working.then(() => this.#look(rule)).catch((cause: unknown) => this.parts.log.error({ err: cause }, 'servers that are away for long could not be retired; it is tried again'));
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  async #look({ label, days }: RetirementRule): Promise<void> {
    const { removals, fleet, live, log } = this.parts;
    const retired = await removals.awayFor(days, label, Date.now());
    if (retired.length === 0) return;
    log.info({ servers: retired.length }, 'servers that were away for long are retired');
    await fleet.publishChanged(retired);
    live.tell('fleet');
  }
}
