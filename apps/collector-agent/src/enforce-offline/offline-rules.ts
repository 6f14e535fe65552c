import { randomUUID } from 'node:crypto';
import { fullRule, type BundleRule, type Observation, type PolicyBundle, type StoreObservation } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { passedLimits, windowOpenAt } from '@mailwarden/rotation';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { ExecutorDesk } from '../carry-out-orders/executor-desk.js';
import type { ReceiptSender } from '../carry-out-orders/receipt-sender.js';
import type { Contact } from '../follow-policy/contact.js';
import type { LastKnown } from '../keep-last-known/last-known.js';
import { parseOpenTask, type OpenTask } from './open-task.js';

/** After a rotation that did not end well, people look first. Units: milliseconds. */
const PAUSE_AFTER_TROUBLE_MS = 10 * 60_000;
/** A task that no executor gives an account of is given up after so many tries; what it began stands in the journal. */
const TRIES_MAX = 10;
/** File of the task whose account is not yet in the outbox. */
const KEY = 'offline-task';

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

const placeKey = ({ profile, store, policy }: Pick<BundleRule, 'profile' | 'store' | 'policy'>): string => `${profile}/${store} ${policy}`;

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

/** Carries on with policy while no control plane can be heard: by the last signed bundle, until it runs out. The executor judges everything again by itself. */
export class OfflineRules {
  readonly #ended = new Map<string, Ended>();
  #pending: OpenTask | null = null;
  #tries = 0;
  #working = false;

  constructor(
    private readonly settings: AgentSettings,
    private readonly known: { readonly state: AgentState; readonly contact: Contact; readonly lastKnown: LastKnown },
    private readonly desk: ExecutorDesk,
    private readonly receipts: ReceiptSender,
    private readonly log: Logger,
  ) {}

  /** Takes up a task of the last run whose account never came: it is asked for again under the same id, so that nothing that was deleted stays unaccounted for. */
  async restore(): Promise<void> {
    this.#pending = parseOpenTask(await this.known.lastKnown.read(KEY));
  }

  /** Looks at what was measured. Returns at once; a rotation goes on beside. */
  look(): void {
    if (this.#working) return;
    this.#working = true;
    this.#work()
      .catch((cause: unknown) => this.log.error({ err: cause }, 'what policy permits without the control plane could not be carried out; it is tried again'))
      .finally(() => (this.#working = false));
  }

  async #work(): Promise<void> {
    if (this.#pending !== null) return this.#carryOut(this.#pending);
    if (this.known.contact.silentForMs() < this.settings.offlineAfterSeconds * 1000) return;
    const nowMs = Date.now();
    const bundle = this.known.state.bundleAt(nowMs);
    if (bundle === null) return;
    const due = dueRules(bundle, [...this.known.state.observations.values()], nowMs).find((one) => this.#mayRun(one, nowMs));
    if (due === undefined) return;
    const { policy, profile, store, bounds } = due.rule;
    const task: OpenTask = { id: randomUUID(), policy, profile, store, deadlineSeconds: bounds.deadlineSeconds };
    await this.known.lastKnown.keep(KEY, Buffer.from(JSON.stringify(task)));
    this.#pending = task;
    this.log.info({ order: task.id, store, policy, bundle: bundle.version }, 'no control plane can be heard: a rule of the bundle is carried out');
    await this.#carryOut(task);
  }

  /** One rotation of a store for each observation that was made after the last one. */
  #mayRun({ rule, startedAtMs }: Due, nowMs: number): boolean {
    const ended = this.#ended.get(placeKey(rule));
    return ended === undefined || (startedAtMs > ended.atMs && (ended.isWell || nowMs - ended.atMs > PAUSE_AFTER_TROUBLE_MS));
  }

  async #carryOut(task: OpenTask): Promise<void> {
    const { id, policy, profile, store, deadlineSeconds } = task;
    const result = await this.desk.run({ order: null, rule: { id, policy, profile, store } }, { profile, store, deadlineSeconds });
    this.#tries += 1;
    if (!result.ok) {
      this.log.error({ order: id, store, reason: result.error }, 'no receipt for a rule of the bundle');
      if (this.#tries < TRIES_MAX) return;
    } else {
      this.#ended.set(placeKey(task), { atMs: Date.now(), isWell: result.value.payload.outcome === 'completed' });
      await this.receipts.send(result.value);
    }
    this.#tries = 0;
    this.#pending = null;
    await this.known.lastKnown.keep(KEY, Buffer.from('null'));
  }
}
