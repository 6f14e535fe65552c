import { trimLog } from './log-files.js';
import { SupervisedProcess, type ProcessPlan } from './supervised-process.js';
import type { SupervisedRecord } from './run-record.js';

const TRIM_EVERY_MS = 60_000;
/** What the others write to: they end last. */
const DATA_HOLDERS: ReadonlySet<string> = new Set(['postgresql', 'nats-server']);

/** Keeps all processes of one runtime. */
export class Supervisor {
  readonly #processes: SupervisedProcess[] = [];
  #stopping = false;
  readonly #trimming: NodeJS.Timeout;

  constructor(
    private readonly logDir: string,
    private readonly onChange: (records: readonly SupervisedRecord[]) => void,
  ) {
    this.#trimming = setInterval(() => this.records.forEach(({ name }) => trimLog(logDir, name)), TRIM_EVERY_MS);
  }

  get records(): SupervisedRecord[] {
    return this.#processes.map((item) => item.record);
  }

  /** Resolves when the process is ready for the first time. Errors: rejects once everything is being ended, so that a start under way begins nothing more. */
  start(plan: ProcessPlan): Promise<void> {
    if (this.#stopping) return Promise.reject(new Error(`${plan.name} is not started, since the runtime ends`));
    const item = new SupervisedProcess(plan, this.logDir, () => this.onChange(this.records));
    this.#processes.push(item);
    return item.start();
  }

  /** Ends everything: who writes first, what holds the data last. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#trimming);
    for (const item of this.#processes) item.expectEnd();
    const holders = this.#processes.filter((item) => DATA_HOLDERS.has(item.record.name));
    await Promise.all(this.#processes.filter((item) => !holders.includes(item)).map((item) => item.stop()));
    await Promise.all(holders.map((item) => item.stop()));
  }
}
