import type { BundleRule, Observation, PolicyBundle } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { concernsStore, foretell, passedKinds, recordedState, type Foretold, type RecordedState } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import type { PolicyShelf } from '../apply-policy/policy-shelf.js';
import { readStates, writeStates } from '../foretell-fleet/store-states.js';
import type { Marks } from '../mark-first/marks.js';
import { raise } from '../raise.js';
import type { Rollouts } from '../roll-out/rollouts.js';
import { expireOrders } from './expire-orders.js';
import { lockServer } from './lock-server.js';
import type { Look, OverLimit } from './look.js';
import type { OrderGate } from './order-gate.js';

/** Older records say nothing about now: no order is made on them. Units: milliseconds. */
export const OBSERVATION_AGE_MS_MAX = 5 * 60_000;

/** Decides which store must rotate; sees by later observations that it did. */
export class OrderBook {
  constructor(
    private readonly gate: OrderGate,
    private readonly rollouts: Rollouts,
    private readonly shelf: PolicyShelf,
    private readonly marks: Marks,
  ) {}

  /** Records what one observation says, and looks at everything that policy acts on. */
  async consider(tx: EntityManager, observation: Observation, bundle: PolicyBundle, nowMs: number): Promise<void> {
    const { server, profile } = observation;
    await lockServer(tx, server);
    if (!(await this.#isNewest(tx, observation))) return;
    const startedAtMs = Date.parse(observation.startedAt);
    const states = new Map<string, RecordedState>(observation.stores.map((store) => [store.id, recordedState(store, startedAtMs)]));
    await writeStates(tx, server, profile, states);
    const look: Look = { server, profile, startedAtMs, states, bundle };
    await this.#prove(tx, look, nowMs);
    await this.#act(tx, look, nowMs);
  }

  /** Looks again at what is recorded, as after an approval. What is too old waits for the next observation. */
  async reconsider(tx: EntityManager, server: PolicyBundle['server'], profile: string, bundle: PolicyBundle, nowMs: number): Promise<void> {
    await lockServer(tx, server);
    const [seen] = await tx.query<{ started_at: Date }[]>(`SELECT started_at FROM rotation.observed WHERE server = $1 AND profile = $2`, [server, profile]);
    if (seen === undefined || nowMs - seen.started_at.getTime() > OBSERVATION_AGE_MS_MAX) return;
    await this.#act(tx, { server, profile, startedAtMs: seen.started_at.getTime(), states: await readStates(tx, server, profile), bundle }, nowMs);
  }

  /** Messages overtake each other on the way; one that does says nothing about now. */
  async #isNewest(tx: EntityManager, { server, profile, startedAt }: Observation): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO rotation.observed (server, profile, started_at) VALUES ($1, $2, $3)
       ON CONFLICT (server, profile) DO UPDATE SET started_at = excluded.started_at WHERE excluded.started_at > observed.started_at RETURNING server`,
      [server, profile, startedAt],
    );
    return rows.length > 0;
  }

  async #act(tx: EntityManager, look: Look, nowMs: number): Promise<void> {
    const rules = look.bundle.rules.filter((rule) => rule.profile === look.profile && rule.mode !== 'observe' && look.states.has(rule.store));
    if (rules.length === 0) return;
    const over = rules.flatMap((rule): OverLimit[] => {
      const state = look.states.get(rule.store);
      if (state === undefined || passedKinds(rule, state, nowMs).length === 0) return [];
      const holds = look.bundle.holds.filter((hold) => concernsStore(hold, rule.profile, rule.store));
      return [{ rule, foretold: foretell({ ...rule, rotatable: true }, state, holds, nowMs) }];
    });
    const mayGo = over.filter(({ foretold }) => !isHeldWhole(foretold));
    await this.rollouts.note(tx, look.server, rules.map((rule) => ({ rule, isOver: mayGo.some((entry) => entry.rule === rule) })), (name) => this.shelf.retention(name), nowMs);
    await this.#dropDue(tx, look, rules, over, nowMs);
    if (mayGo.length === 0) return;
    await expireOrders(tx, nowMs, look.server);
    await this.gate.pass(tx, look, mayGo, nowMs);
  }

  async #dropDue(tx: EntityManager, look: Look, rules: readonly BundleRule[], over: readonly OverLimit[], nowMs: number): Promise<void> {
    const inOrder = rules.filter((rule) => (rule.graceSeconds ?? 0) > 0 && !over.some((entry) => entry.rule.store === rule.store));
    await this.marks.dropDue(tx, look.server, look.profile, [...new Set(inOrder.map(({ store }) => store))], nowMs);
  }

  /** An observation that was begun after an order ended, and is under its limits, proves it. */
  async #prove(tx: EntityManager, look: Look, nowMs: number): Promise<void> {
    const waiting = await tx.query<{ id: string; policy: string; store: string }[]>(`SELECT id, policy, store FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND state = 'completed' AND finished_at < $3`, [look.server, look.profile, instantOf(look.startedAtMs)]);
    for (const { id, policy, store } of waiting) {
      const state = look.states.get(store);
      if (state === undefined || state.items === null || state.bytes === null) continue;
      const rule = look.bundle.rules.find((candidate) => candidate.policy === policy && candidate.profile === look.profile && candidate.store === store);
      if (rule !== undefined && passedKinds(rule, state, nowMs).length > 0) continue;
      await tx.query(`UPDATE rotation.rotation_order SET state = 'proved' WHERE id = $1`, [id]);
      await raise(tx, 'rotation.proved', { id: `proved-${id}`, server: look.server, severity: 'info', atMs: look.startedAtMs, detail: { order: id, store: store as Observation['stores'][number]['id'], items: state.items, bytes: state.bytes } });
    }
  }
}

/** Nothing may go, whatever an order says: none is made, and the finding about it comes from the assessment. */
const isHeldWhole = (foretold: Foretold): boolean => foretold.state === 'held' && foretold.wouldDelete.items === 0;
