import { setTimeout as delay } from 'node:timers/promises';
import { Chance } from '../chance.js';
import { LETTER_TABLES, LOG_TABLES } from '../database/product-tables.js';
import type { PreparedServer } from '../prepare/prepare-server.js';
import { Letters } from './letters.js';
import { LogRows } from './log-rows-stream.js';
import { Reports } from './reports.js';
import { Due, type Stream } from './stream.js';
import { TraceLog } from './trace-log.js';
import { WorkFolder } from './work-folder.js';

const TURN_MS = 250;
/** After trouble the next try waits, so that a database that is away is not hammered. Units: milliseconds. */
const AFTER_TROUBLE_MS = 1_000;

export interface TrafficLog {
  warn(detail: object, message: string): void;
  info(detail: object, message: string): void;
}

/** Everything that keeps arriving at one server, one step at a time. */
export class ServerTraffic {
  readonly #letters: readonly Letters[];
  readonly #workFolder: WorkFolder;
  readonly #streams: readonly { readonly stream: Stream; readonly due: Due }[];
  #inTrouble = false;
  #isUnmended = true;

  constructor(
    private readonly server: PreparedServer,
    private readonly log: TrafficLog,
  ) {
    // What arrives differs from run to run; what was prepared does not.
    const chance = new Chance(server.truth.seed ^ Date.now());
    this.#letters = LETTER_TABLES.map((table) => new Letters(server, table, chance));
    this.#workFolder = new WorkFolder(server, chance);
    const streams: Stream[] = [...this.#letters, ...LOG_TABLES.map((table) => new LogRows(server, table, chance)), new TraceLog(server, chance), new Reports(server, chance), this.#workFolder];
    this.#streams = streams.filter(({ perMinute }) => perMinute > 0).map((stream) => ({ stream, due: new Due(stream.perMinute) }));
  }

  /** What the product does when it starts: nothing half-done of the run before stays. */
  async start(): Promise<void> {
    this.#workFolder.clear();
    await this.#mend();
  }

  /** Keeps bringing until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    let lastMs = Date.now();
    while (!signal.aborted) {
      const nowMs = Date.now();
      await this.#turn(nowMs - lastMs, signal);
      lastMs = nowMs;
      await delay(this.#inTrouble ? AFTER_TROUBLE_MS : TURN_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #turn(elapsedMs: number, signal: AbortSignal): Promise<void> {
    try {
      if (this.server.database.takeLoss()) this.#isUnmended = true;
      if (this.#isUnmended) await this.#mend();
      for (const { stream, due } of this.#streams) {
        if (signal.aborted) return;
        await stream.bring(due.after(elapsedMs));
      }
      if (this.#inTrouble) this.log.info({ server: this.server.truth.name }, 'mail arrives again');
      this.#inTrouble = false;
    } catch (cause) {
      if (!this.#inTrouble && !signal.aborted) this.log.warn({ server: this.server.truth.name, err: cause }, 'mail cannot be stored for now; trying again');
      this.#inTrouble = true;
      this.#isUnmended = true;
    }
  }

  async #mend(): Promise<void> {
    for (const letters of this.#letters) await letters.mendHalves();
    this.#isUnmended = false;
  }
}
