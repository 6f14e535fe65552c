import { randomUUID } from 'node:crypto';
import { eventType, fullRule, MESSAGE_TYPES, SIGNING_CONTEXTS, subjects, type BundleRule, type Evidence, type EventName, type EventPayload, type Observation, type PolicyBundle, type RotationOrder, type StoreObservation } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, signDocument, type Severity, type Signer } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import { concernsStore, passedLimits } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';

/** An order that nobody carried out by then is void. Units: milliseconds. */
const ORDER_LIFE_MS = 15 * 60_000;
/** An order taken in its last moment is still being carried out for a while: so long its receipt is waited for. Units: milliseconds. */
const EXPIRY_GRACE_MS = ORDER_LIFE_MS;
/** After an order that did not end well, people look first: none follows for so long. Units: milliseconds. */
const PAUSE_AFTER_TROUBLE_MS = 10 * 60_000;
/** After any order, the next observation may still be of before it. Units: milliseconds. */
const PAUSE_AFTER_ORDER_MS = 2_000;
/** Orders that may be under way in the whole fleet at once. */
const OPEN_ORDERS_MAX = 50;

interface RecentOrder {
  readonly id: string;
  readonly state: string;
  readonly issued_at: Date;
  readonly expires_at: Date;
  readonly finished_at: Date | null;
}

export async function raise<N extends EventName>(tx: EntityManager, name: N, event: { id: string; server: string; severity: Severity; atMs: number; detail: EventPayload<N> }): Promise<void> {
  const { id, server, severity, atMs, detail } = event;
  await enqueue(tx, { id, subject: subjects.event(name, severity, server), type: eventType(name), data: { event: name, server, severity, at: instantOf(atMs), detail } });
}

/** Decides which store must rotate, and says so by a signed order; sees by later observations that it did. */
export class OrderBook {
  constructor(private readonly signer: Signer) {}

  /** Looks at everything one observation says about stores that policy enforces. */
  async consider(tx: EntityManager, observation: Observation, bundle: PolicyBundle, nowMs: number): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`orders ${observation.server}`]);
    if (!(await this.#isNewest(tx, observation))) return;
    await this.#expire(tx, nowMs);
    for (const store of observation.stores) {
      await this.#prove(tx, observation, store, bundle, nowMs);
      const rule = bundle.rules.find((candidate) => candidate.profile === observation.profile && candidate.store === store.id && candidate.mode === 'enforce' && passedLimits(candidate, store, nowMs).length > 0);
      if (rule !== undefined) await this.#order(tx, observation, bundle, rule, nowMs);
    }
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

  /** Closes what nobody took, of every server: those of one that fell silent would else count against the whole fleet for ever. */
  async #expire(tx: EntityManager, nowMs: number): Promise<void> {
    await tx.query(
      `UPDATE rotation.rotation_order SET state = 'expired', finished_at = expires_at WHERE id IN (SELECT id FROM rotation.rotation_order WHERE state = 'open' AND expires_at < $1 FOR UPDATE SKIP LOCKED)`,
      [instantOf(nowMs - EXPIRY_GRACE_MS)],
    );
  }

  async #order(tx: EntityManager, observation: Observation, bundle: PolicyBundle, rule: BundleRule, nowMs: number): Promise<void> {
    if (!(await this.#mayOrder(tx, observation, rule, nowMs))) return;
    const { exclude, overwrite, orphans, pace } = fullRule(rule);
    const order: RotationOrder = {
      schema: 'mailwarden/rotation-order/v1',
      id: randomUUID(),
      server: observation.server,
      profile: rule.profile,
      store: rule.store,
      policy: { name: rule.policy, version: rule.policyVersion },
      watermarks: rule.watermarks,
      clock: rule.clock,
      keep: rule.keep,
      bounds: rule.bounds,
      holds: bundle.holds.filter((hold) => concernsStore(hold, rule.profile, rule.store)),
      purpose: 'rotate',
      exclude, overwrite, orphans, pace,
      marked: null,
      bundleVersion: bundle.version,
      issuedAt: instantOf(nowMs),
      expiresAt: instantOf(nowMs + ORDER_LIFE_MS),
    };
    const signed = signDocument(this.signer, SIGNING_CONTEXTS.order, order);
    await tx.query(`INSERT INTO rotation.rotation_order (id, server, profile, store, policy, state, issued_at, expires_at, document) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8)`, [order.id, order.server, order.profile, order.store, rule.policy, order.issuedAt, order.expiresAt, JSON.stringify(signed)]);
    // Announced before it happens: evidence and event leave with the order itself.
    const evidence: Evidence = { schema: 'mailwarden/evidence/v1', kind: 'order', id: order.id, service: 'rotation', at: order.issuedAt, documentSha256: sha256(canonicalJson(signed)), facts: { server: order.server, store: order.store, policy: rule.policy } };
    await enqueue(tx, { id: `evidence-order-${order.id}`, subject: subjects.evidence('rotation'), type: MESSAGE_TYPES.evidence, data: evidence });
    await raise(tx, 'rotation.ordered', { id: `ordered-${order.id}`, server: order.server, severity: 'info', atMs: nowMs, detail: { order: order.id, store: order.store, policy: rule.policy, expiresAt: order.expiresAt } });
    await enqueue(tx, { id: `order-${order.id}`, subject: subjects.order(order.server), type: MESSAGE_TYPES.order, data: signed });
  }

  /** One order a store at a time, and none on an observation that was made before the last one ended. */
  async #mayOrder(tx: EntityManager, observation: Observation, rule: BundleRule, nowMs: number): Promise<boolean> {
    const [open] = await tx.query<{ count: string }[]>(`SELECT count(*) AS count FROM rotation.rotation_order WHERE state = 'open'`);
    if (Number(open?.count ?? 0) >= OPEN_ORDERS_MAX) return false;
    const [last] = await tx.query<RecentOrder[]>(`SELECT id, state, issued_at, expires_at, finished_at FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND store = $3 ORDER BY issued_at DESC LIMIT 1`, [observation.server, rule.profile, rule.store]);
    if (last === undefined) return true;
    if (last.state === 'open' || last.finished_at === null) return false;
    const finishedMs = last.finished_at.getTime();
    if (['refused', 'stopped', 'failed', 'nothing-to-do'].includes(last.state) && nowMs - finishedMs < PAUSE_AFTER_TROUBLE_MS) return false;
    return Date.parse(observation.startedAt) > finishedMs && nowMs - finishedMs > PAUSE_AFTER_ORDER_MS;
  }

  /** An observation that was begun after an order ended, and is under its limits, proves it. */
  async #prove(tx: EntityManager, observation: Observation, store: StoreObservation, bundle: PolicyBundle, nowMs: number): Promise<void> {
    const waiting = await tx.query<{ id: string; policy: string }[]>(`SELECT id, policy FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND store = $3 AND state = 'completed' AND finished_at < $4`, [observation.server, observation.profile, store.id, observation.startedAt]);
    for (const { id, policy } of waiting) {
      const rule = bundle.rules.find((candidate) => candidate.policy === policy && candidate.profile === observation.profile && candidate.store === store.id);
      if (rule !== undefined && passedLimits(rule, store, nowMs).length > 0) continue;
      if (!store.items.known || !store.bytesAllocated.known) continue;
      await tx.query(`UPDATE rotation.rotation_order SET state = 'proved' WHERE id = $1`, [id]);
      await raise(tx, 'rotation.proved', { id: `proved-${id}`, server: observation.server, severity: 'info', atMs: Date.parse(observation.startedAt), detail: { order: id, store: store.id, items: store.items.value, bytes: store.bytesAllocated.value } });
    }
  }
}
