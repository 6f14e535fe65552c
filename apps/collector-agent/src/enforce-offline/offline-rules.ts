import { randomUUID } from 'node:crypto';
import { fullRule, type BundleRule, type Observation, type PolicyBundle, type SignedReceipt, type StoreObservation } from '@mailwarden/contracts';
import type { Result } from '@mailwarden/kernel';
import type { Logger } from '@mailwarden/observability';
import { passedLimits, windowOpenAt } from '@mailwarden/rotation';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { ExecutorDesk } from '../carry-out-orders/executor-desk.js';
import type { ReceiptSender } from '../carry-out-orders/receipt-sender.js';
import type { Contact } from '../follow-policy/contact.js';
import type { LastKnown } from '../keep-last-known/last-known.js';
import type { OpenTask } from './open-task.js';
import { PendingTasks, placeKey, type PendingTask } from './pending-tasks.js';

/** After a rotation that did not end well, people look first. Units: milliseconds. */
const PAUSE_AFTER_TROUBLE_MS = 10 * 60_000;
/** A rule that could not be carried out for so long is no longer tried: what was begun of it is only brought to its end. Units: milliseconds. */
export const SETTLE_AFTER_MS = 60 * 60_000;

/** One rule that a store has passed, by what this agent has just measured. */
interface Due {
  readonly rule: BundleRule;
  readonly startedAtMs: number;
}

/** How the last rotation of a store without the control plane ended. */
interface Ended {
  readonly atMs: number;
  readonly isWell: boolean;
}

/** Rules that the host may carry out by itself now, and whose limit its own scan has just seen passed. */
export function dueRules(bundle: PolicyBundle, observations: readonly Observation[], nowMs: number): Due[] {
  const stores = new Map(observations.flatMap((observation) => observation.stores.map((store): [string, { store: StoreObservation; startedAtMs: number }] => [`${observation.profile}/${store.id}`, { store, startedAtMs: Date.parse(observation.startedAt) }])));
  return bundle.rules.flatMap((rule) => {
    const { mode, offline, graceSeconds, window } = fullRule(rule);
    const seen = stores.get(`${rule.profile}/${rule.store}`);
    if (mode !== 'enforce' || !offline || graceSeconds > 0 || seen === undefined) return [];
    if (window !== null && !windowOpenAt(window, nowMs)) return [];
    return passedLimits(rule, seen.store, nowMs).length > 0 ? [{ rule, startedAtMs: seen.startedAtMs }] : [];
  });
}

/** What the rules go by. `now` is a clock that does not jump, in milliseconds. */
export interface OfflineParts {
  readonly state: AgentState;
  readonly contact: Contact;
  readonly lastKnown: LastKnown;
  readonly now: () => number;
}

/**
 * Carries on with policy while no control plane can be heard: by the last signed bundle, until it runs out. The executor judges everything again by itself.
 * Safety: a task is asked for under its id until its account is in the outbox, or the executor says that it never began it. Nothing that was deleted stays without its account.
 */
export class OfflineRules {
  readonly #ended = new Map<string, Ended>();
  readonly #pending: PendingTasks;
  #timer: NodeJS.Timeout | null = null;
  #working = false;
  #stopped = false;

  constructor(
    private readonly settings: AgentSettings,
    private readonly known: OfflineParts,
    private readonly desk: ExecutorDesk,
    private readonly receipts: ReceiptSender,
    private readonly log: Logger,
  ) {
    this.#pending = new PendingTasks(known.lastKnown, known.now);
  }

  /** Takes up the tasks of the last run whose account never came: they are asked for again under the same ids. */
  async restore(): Promise<void> {
    await this.#pending.restore();
  }

  /** Whether an id of the executor is asked for here already. */
  isAskedFor(id: string): boolean {
    return this.#pending.isKnown(this.settings.server, id);
  }

  /** Looks at what was measured, and at what is due again. Returns at once; a rotation goes on beside. */
  look(): void {
    if (this.#working || this.#stopped) return;
    this.#working = true;
    this.#work()
      .catch((cause: unknown) => this.log.error({ err: cause }, 'what policy permits without the control plane could not be carried out; it is tried again'))
      .finally(() => {
        this.#working = false;
        this.#schedule();
      });
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(): void {
    const delayMs = this.#pending.untilDueMs();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (delayMs !== null && !this.#stopped) this.#timer = setTimeout(() => this.look(), delayMs).unref();
  }

  async #work(): Promise<void> {
    for (const pending of this.#pending.due()) await this.#carryOut(pending);
    if (this.known.contact.silentForMs() < this.settings.offlineAfterSeconds * 1000) return;
    const nowMs = Date.now();
    const bundle = this.known.state.bundleAt(nowMs);
    if (bundle === null) return;
    const due = dueRules(bundle, [...this.known.state.observations.values()], nowMs).find((one) => this.#mayRun(one, nowMs));
    if (due === undefined) return;
    const { policy, profile, store, bounds } = due.rule;
    const task: OpenTask = { id: randomUUID(), policy, profile, store, deadlineSeconds: bounds.deadlineSeconds };
    await this.#pending.add(task);
    this.log.info({ order: task.id, store, policy, bundle: bundle.version }, 'no control plane can be heard: a rule of the bundle is carried out');
    for (const pending of this.#pending.due()) await this.#carryOut(pending);
  }

  /** One rotation of a store for each observation that was made after the last one, and none while the one before has no account. */
  #mayRun({ rule, startedAtMs }: Due, nowMs: number): boolean {
    if (this.#pending.has(rule)) return false;
    const ended = this.#ended.get(placeKey(rule));
    return ended === undefined || (startedAtMs > ended.atMs && (ended.isWell || nowMs - ended.atMs > PAUSE_AFTER_TROUBLE_MS));
  }

  async #carryOut(pending: PendingTask): Promise<void> {
    const { task } = pending;
    try {
      const account = await this.#accountOf(pending);
      if (account.ok) return await this.#accounted(task, account.value);
      this.log.error({ order: task.id, store: task.store, reason: account.error }, 'no receipt for a rule of the bundle; it is asked for again');
    } catch (cause) {
      this.log.error({ order: task.id, store: task.store, err: cause }, 'the account of a rule could not be kept; it is asked for again');
    }
    this.#pending.failed(pending);
  }

  #accountOf({ task: { id, policy, profile, store, deadlineSeconds }, sinceMs }: PendingTask): Promise<Result<SignedReceipt | null, string>> {
    const place = { profile, store, deadlineSeconds };
    return this.known.now() - sinceMs < SETTLE_AFTER_MS ? this.desk.run({ order: null, rule: { id, policy, profile, store } }, place) : this.desk.settle(id, place);
  }

  async #accounted(task: OpenTask, receipt: SignedReceipt | null): Promise<void> {
    if (receipt === null) this.log.warn({ order: task.id, store: task.store }, 'the executor never began this rule: it is asked for no more');
    else {
      this.#ended.set(placeKey(task), { atMs: Date.now(), isWell: receipt.payload.outcome === 'completed' });
      await this.receipts.send(receipt);
    }
    await this.#pending.drop(task);
  }
}
