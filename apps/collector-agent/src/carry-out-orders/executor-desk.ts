import type { ExecutorTask, Hold, PolicyBundle, SignedReceipt } from '@mailwarden/contracts';
import { canonicalJson, type Result } from '@mailwarden/kernel';
import { concernsStore } from '@mailwarden/rotation';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import { callExecutor } from './call-executor.js';

/** On top of the task's own deadline, for start, verification and the receipt. Units: milliseconds. */
const GRACE_MS = 30_000;

/** What a task is about. */
export interface TaskPlace {
  readonly profile: string;
  readonly store: string;
  /** Units: seconds. */
  readonly deadlineSeconds: number;
}

const concerning = (bundle: PolicyBundle | null, { profile, store }: TaskPlace): Hold[] => (bundle?.holds ?? []).filter((hold) => concernsStore(hold, profile, store));

/** Whether a hold has come that was not there before, or one that was there keeps something else. */
const isHeldAnew = (before: readonly Hold[], now: readonly Hold[]): boolean => now.some((hold) => !before.some((known) => canonicalJson(known) === canonicalJson(hold)));

/** Lets one executor run at a time on this host, and ends it when it must not go on. */
export class ExecutorDesk {
  #last: Promise<unknown> = Promise.resolve();
  #running: { readonly place: TaskPlace; readonly holds: readonly Hold[]; readonly ending: AbortController } | null = null;
  #closed = false;

  constructor(
    private readonly settings: AgentSettings,
    private readonly state: AgentState,
  ) {}

  /** Hands over a task with the newest bundle, when those before it have ended. Errors: why there is no account. */
  run(task: Pick<ExecutorTask, 'order' | 'rule'>, place: TaskPlace): Promise<Result<SignedReceipt, string>> {
    const ran = this.#last.then(() => this.#call(task, place));
    this.#last = ran.catch(() => undefined);
    return ran;
  }

  /** A hold that is newer than what runs ends it between two items: the executor was started without knowing of it. */
  bundleChanged(): void {
    const running = this.#running;
    if (running !== null && isHeldAnew(running.holds, concerning(this.state.bundle, running.place))) running.ending.abort();
  }

  /** Ends what runs, and waits for its account. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#running?.ending.abort();
    await this.#last;
  }

  async #call(task: Pick<ExecutorTask, 'order' | 'rule'>, place: TaskPlace): Promise<Result<SignedReceipt, string>> {
    if (this.#closed) return { ok: false, error: 'the agent is ending' };
    const ending = new AbortController();
    this.#running = { place, holds: concerning(this.state.bundle, place), ending };
    try {
      return await callExecutor(this.settings.executor, { task: { schema: 'mailwarden/executor-task/v1', ...task, bundle: this.state.signedBundle }, endAfterMs: place.deadlineSeconds * 1000 + GRACE_MS, stop: ending.signal });
    } finally {
      this.#running = null;
    }
  }
}
