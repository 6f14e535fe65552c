import type { ExecutorTask, Hold, PolicyBundle, SignedReceipt, UnfinishedTasks } from '@mailwarden/contracts';
import { canonicalJson, err, ok, type Result } from '@mailwarden/kernel';
import { concernsStore } from '@mailwarden/rotation';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import { callExecutor, type ExecutorAnswer } from './call-executor.js';

/** On top of the task's own deadline, for start, verification and the receipt. Units: milliseconds. */
const GRACE_MS = 30_000;
/** Reading the journals of a host may take so long. Units: seconds. */
const LIST_SECONDS = 60;

/** What a task is about. */
export interface TaskPlace {
  readonly profile: string;
  readonly store: string;
  /** Units: seconds. */
  readonly deadlineSeconds: number;
}

type Asked = Pick<ExecutorTask, 'order' | 'rule' | 'unfinished'>;

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
  async run(task: Pick<ExecutorTask, 'order' | 'rule'>, place: TaskPlace): Promise<Result<SignedReceipt, string>> {
    const answer = await this.#ask(task, place);
    if (!answer.ok) return answer;
    return 'receipt' in answer.value ? ok(answer.value.receipt) : err('the executor gave no account of a task');
  }

  /** Asks for the account of what was begun under an id: nothing new is done. Null where the host never began it. Errors: why there is no account yet. */
  async settle(id: string, place: TaskPlace): Promise<Result<SignedReceipt | null, string>> {
    const answer = await this.#ask({ order: null, rule: null, unfinished: id }, place);
    return answer.ok ? ok('receipt' in answer.value ? answer.value.receipt : null) : answer;
  }

  /** What this host began and never accounted for. Errors: why nobody can tell. */
  async unfinished(): Promise<Result<UnfinishedTasks, string>> {
    const answer = await this.#ask({ order: null, rule: null, unfinished: 'list' }, null);
    if (!answer.ok) return answer;
    return 'unfinished' in answer.value ? ok(answer.value.unfinished) : err('the executor gave an account where a list was asked');
  }

  #ask(task: Asked, place: TaskPlace | null): Promise<Result<ExecutorAnswer, string>> {
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

  async #call(task: Asked, place: TaskPlace | null): Promise<Result<ExecutorAnswer, string>> {
    if (this.#closed) return { ok: false, error: 'the agent is ending' };
    const ending = new AbortController();
    const { signedBundle, bundle } = this.state;
    if (place !== null) this.#running = { place, holds: concerning(bundle, place), ending };
    try {
      return await callExecutor(this.settings.executor, { task: { schema: 'mailwarden/executor-task/v1', ...task, bundle: signedBundle }, endAfterMs: (place?.deadlineSeconds ?? LIST_SECONDS) * 1000 + GRACE_MS, stop: ending.signal });
    } finally {
      this.#running = null;
    }
  }
}
