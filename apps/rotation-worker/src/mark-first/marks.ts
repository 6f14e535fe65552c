import type { Bounds, BundleRule, Receipt, StoreObservation } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import { mayBeUnderWay } from '../order-rotation/order-times.js';
import { attest, raise } from '../raise.js';

/** A mark whose deletion never came, as of a server that was away, is void: what is still right is marked anew. Units: milliseconds. */
const DUE_LIFE_MS = 8 * 86_400_000;
/** A mark order of which no account came back. Units: milliseconds. */
const MARKING_LIFE_MS = 86_400_000;

export interface MarkRow {
  readonly order: string;
  readonly server: string;
  readonly profile: string;
  readonly store: StoreObservation['id'];
  readonly policy: string;
  readonly policy_version: string;
  readonly items: string;
  readonly bytes: string;
  readonly grace_seconds: string;
  readonly bounds: Bounds;
  readonly marked_at: Date;
  readonly due_at: Date;
  readonly state: 'marking' | 'marked' | 'released' | 'done';
}

/** What a policy with grace may do on a store now. */
export type MarkStanding = { readonly kind: 'mark' } | { readonly kind: 'wait' } | { readonly kind: 'due'; readonly mark: MarkRow };

/** What is to go is marked on its host first, announced, and deleted when its grace has run out, unless a person takes it back. */
export class Marks {
  async standing(tx: EntityManager, server: string, rule: BundleRule, nowMs: number): Promise<MarkStanding> {
    const [mark] = await tx.query<MarkRow[]>(`SELECT * FROM rotation.mark WHERE server = $1 AND profile = $2 AND store = $3 AND policy = $4 AND state <> 'done' FOR UPDATE`, [server, rule.profile, rule.store, rule.policy]);
    if (mark === undefined) return { kind: 'mark' };
    if (mark.state === 'marked' && mark.policy_version !== rule.policyVersion) {
      await this.#done(tx, mark.order);
      return { kind: 'mark' };
    }
    return mark.state === 'marked' && mark.due_at.getTime() <= nowMs ? { kind: 'due', mark } : { kind: 'wait' };
  }

  async begun(tx: EntityManager, order: string, server: string, rule: BundleRule, bounds: Bounds, nowMs: number): Promise<void> {
    const at = instantOf(nowMs);
    await tx.query(`INSERT INTO rotation.mark ("order", server, profile, store, policy, policy_version, grace_seconds, bounds, marked_at, due_at, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 'marking')`, [order, server, rule.profile, rule.store, rule.policy, rule.policyVersion, rule.graceSeconds ?? 0, JSON.stringify(bounds), at]);
  }

  /** The host's account of a mark order. The grace counts from what the worker's own clock says, so that no host's clock shortens it. */
  async accounted(tx: EntityManager, receipt: Receipt, nowMs: number): Promise<void> {
    const [mark] = await tx.query<MarkRow[]>(`SELECT * FROM rotation.mark WHERE "order" = $1 AND state = 'marking' FOR UPDATE`, [receipt.order]);
    if (mark === undefined) return;
    if (receipt.outcome !== 'marked') return this.#done(tx, receipt.order);
    const dueAt = instantOf(nowMs + Number(mark.grace_seconds) * 1000);
    await tx.query(`UPDATE rotation.mark SET state = 'marked', items = $2, bytes = $3, marked_at = $4, due_at = $5 WHERE "order" = $1`, [receipt.order, receipt.planned.items, receipt.planned.bytes, instantOf(nowMs), dueAt]);
    await raise(tx, 'rotation.marked', { id: `marked-${receipt.order}`, server: mark.server, severity: 'medium', atMs: nowMs, detail: { order: receipt.order, store: mark.store, policy: mark.policy, items: receipt.planned.items, bytes: receipt.planned.bytes, dueAt } });
  }

  /**
   * What an order deleted of what was marked. One that ended well is the end of the mark.
   * A mark that a person took back stays so until it is resumed, and says from then on how much of it is still there: the account of an order that went on meanwhile may come late.
   */
  async deleted(tx: EntityManager, marked: string, { order: by, outcome, deleted }: Receipt): Promise<void> {
    if (outcome === 'completed' || outcome === 'nothing-to-do') await tx.query(`UPDATE rotation.mark SET state = 'done', deleted_by = $2 WHERE "order" = $1 AND state = 'marked'`, [marked, by]);
    if (deleted.items > 0) await tx.query(`UPDATE rotation.mark SET items = greatest(0, items - $3), bytes = greatest(0, bytes - $4), deleted_by = $2 WHERE "order" = $1 AND state = 'released'`, [marked, by, deleted.items, deleted.bytes]);
  }

  async #done(tx: EntityManager, order: string): Promise<void> {
    await tx.query(`UPDATE rotation.mark SET state = 'done' WHERE "order" = $1`, [order]);
  }

  /** The store is under its limits by now: what was due of it stays, and is judged anew when it is over them again. */
  async dropDue(tx: EntityManager, server: string, profile: string, stores: readonly string[], nowMs: number): Promise<void> {
    if (stores.length > 0) await tx.query(`UPDATE rotation.mark SET state = 'done' WHERE server = $1 AND profile = $2 AND store = ANY($3) AND state = 'marked' AND due_at <= $4`, [server, profile, stores, instantOf(nowMs)]);
  }

  /** Ends what was never deleted, and what a policy marked that stands no more. What a person took back stays so until a person resumes it: a policy that comes again must not mark it anew. */
  async lapse(tx: EntityManager, nowMs: number): Promise<void> {
    await tx.query(`UPDATE rotation.mark AS mark SET state = 'done' WHERE state IN ('marking', 'marked') AND NOT EXISTS (SELECT FROM rotation.rollout WHERE policy = mark.policy)`);
    await tx.query(`UPDATE rotation.mark SET state = 'done' WHERE (state = 'marked' AND due_at < $1) OR (state = 'marking' AND marked_at < $2)`, [instantOf(nowMs - DUE_LIFE_MS), instantOf(nowMs - MARKING_LIFE_MS)]);
  }

  /** Takes back what was marked: nothing of it is deleted, and the policy marks nothing on that store until it is resumed. In words why not; null when done. */
  async release(tx: EntityManager, id: string, by: string, reason: string, nowMs: number): Promise<string | null> {
    const [mark] = await tx.query<MarkRow[]>(`SELECT * FROM rotation.mark WHERE "order"::text = $1 FOR UPDATE`, [id]);
    if (mark === undefined) return 'no mark has this id';
    if (mark.state === 'released' || mark.state === 'done') return `the mark is ${mark.state} already`;
    const [deleting] = await tx.query<unknown[]>(`SELECT 1 FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND store = $3 AND document #>> '{payload,marked}' = $4 AND ${mayBeUnderWay(5)}`, [mark.server, mark.profile, mark.store, id, instantOf(nowMs)]);
    if (deleting !== undefined) return 'the order that deletes what was marked is under way; a hold stops it';
    await tx.query(`UPDATE rotation.mark SET state = 'released' WHERE "order" = $1`, [id]);
    await raise(tx, 'rotation.released', { id: `released-${id}`, server: mark.server, severity: 'medium', atMs: nowMs, detail: { order: id, store: mark.store, policy: mark.policy } });
    await attest(tx, { kind: 'operator-action', id: `released-${id}`, atMs: nowMs, document: { mark: id, by, reason }, facts: { mark: id, server: mark.server, store: mark.store, policy: mark.policy, action: 'released' } });
    return null;
  }

  /** Lets the policy mark on that store again. */
  async resume(tx: EntityManager, id: string, by: string, reason: string, nowMs: number): Promise<string | null> {
    const [rows] = await tx.query<[MarkRow[], number]>(`UPDATE rotation.mark SET state = 'done' WHERE "order"::text = $1 AND state = 'released' RETURNING *`, [id]);
    const [mark] = rows;
    if (mark === undefined) return 'no released mark has this id';
    await attest(tx, { kind: 'operator-action', id: `resumed-${id}`, atMs: nowMs, document: { mark: id, by, reason }, facts: { mark: id, server: mark.server, store: mark.store, policy: mark.policy, action: 'resumed' } });
    return null;
  }
}
