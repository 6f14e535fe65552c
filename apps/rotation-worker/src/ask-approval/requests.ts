import { randomUUID } from 'node:crypto';
import type { Bounds, BundleRule, StoreObservation } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { RetentionPolicy } from '@mailwarden/policy';
import type { Amount, Foretold } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import { attest, raise } from '../raise.js';

/** A request that is not answered, or whose window does not come, lapses. Longer than a week, so that a weekly window comes at least once. Units: milliseconds. */
const REQUEST_LIFE_MS = 8 * 86_400_000;
/** After a refusal nobody is asked the same again for so long. Units: milliseconds. */
const ASK_AGAIN_MS = 86_400_000;
/** What was approved may grow by so much until the order is carried out; above it, people are asked anew. A factor. */
export const APPROVED_MARGIN = 1.1;
/** What classes of age only let estimate may be so much more, and never more than all of those classes. A factor. */
const ESTIMATE_MARGIN = 1.5;

export interface RequestRow {
  readonly id: string;
  readonly server: string;
  readonly profile: string;
  readonly store: StoreObservation['id'];
  readonly policy: string;
  readonly policy_version: string;
  readonly foretold_items: string;
  readonly foretold_bytes: string;
  readonly most_items: string;
  readonly most_bytes: string;
  readonly asked_at: Date;
  readonly lapses_at: Date;
  readonly approvals: number;
  readonly state: 'waiting' | 'approved' | 'rejected' | 'lapsed' | 'used';
  readonly closed_at: Date | null;
}

/** What people are shown, and the most that it may come to. */
interface Foreseen {
  readonly shown: Amount;
  readonly most: Amount;
}

function foreseenFrom({ wouldDelete, most, exact }: Foretold): Foreseen {
  if (exact) return { shown: wouldDelete, most: wouldDelete };
  return { shown: wouldDelete, most: { items: Math.min(most.items, Math.ceil(wouldDelete.items * ESTIMATE_MARGIN)), bytes: Math.min(most.bytes, Math.ceil(wouldDelete.bytes * ESTIMATE_MARGIN)) } };
}

/** Bounds of the policy, tightened to what people saw. */
export function approvedBounds(bounds: Bounds, request: Pick<RequestRow, 'most_items' | 'most_bytes'>): Bounds {
  const within = (bound: number, approved: string): number => Math.min(bound, Math.ceil(Number(approved) * APPROVED_MARGIN));
  return { ...bounds, items: within(bounds.items, request.most_items), bytes: within(bounds.bytes, request.most_bytes) };
}

/** Asks people before anything goes, once for each store and policy at a time. */
export class Requests {
  /** The approved request that permits an order now; null where people are still asked, or asked just now. */
  async permitting(tx: EntityManager, server: string, rule: BundleRule, policy: RetentionPolicy, foretold: Foretold, nowMs: number): Promise<RequestRow | null> {
    const [last] = await tx.query<RequestRow[]>(`SELECT * FROM rotation.request WHERE server = $1 AND profile = $2 AND store = $3 AND policy = $4 ORDER BY asked_at DESC LIMIT 1 FOR UPDATE`, [server, rule.profile, rule.store, rule.policy]);
    if (last?.state === 'rejected' && nowMs - (last.closed_at?.getTime() ?? nowMs) < ASK_AGAIN_MS && last.policy_version === rule.policyVersion) return null;
    const isOpen = last !== undefined && (last.state === 'waiting' || last.state === 'approved');
    if (isOpen && !this.#isOvertaken(last, rule, policy, foretold, nowMs)) return last.state === 'approved' ? last : null;
    if (isOpen) await this.#close(tx, last, 'lapsed', nowMs);
    await this.#ask(tx, server, rule, policy, foretold, nowMs);
    return null;
  }

  /** True when what people see, or saw, is no longer what would happen. */
  #isOvertaken(request: RequestRow, rule: BundleRule, policy: RetentionPolicy, foretold: Foretold, nowMs: number): boolean {
    if (request.policy_version !== rule.policyVersion || request.approvals !== policy.approvals || request.lapses_at.getTime() <= nowMs) return true;
    const { items, bytes } = approvedBounds(rule.bounds, request);
    return request.state === 'approved' && (foretold.wouldDelete.items > items || foretold.wouldDelete.bytes > bytes);
  }

  async #ask(tx: EntityManager, server: string, rule: BundleRule, policy: RetentionPolicy, foretold: Foretold, nowMs: number): Promise<void> {
    const id = randomUUID();
    const { shown, most } = (await this.#plannedBefore(tx, server, rule, foretold)) ?? foreseenFrom(foretold);
    await tx.query(
      `INSERT INTO rotation.request (id, server, profile, store, policy, policy_version, foretold_items, foretold_bytes, most_items, most_bytes, asked_at, lapses_at, approvals, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'waiting')`,
      [id, server, rule.profile, rule.store, rule.policy, rule.policyVersion, shown.items, shown.bytes, most.items, most.bytes, instantOf(nowMs), instantOf(nowMs + REQUEST_LIFE_MS), policy.approvals],
    );
    await raise(tx, 'rotation.asked', { id: `asked-${id}`, server, severity: 'medium', atMs: nowMs, detail: { request: id, store: rule.store, policy: rule.policy, items: shown.items, bytes: shown.bytes, approvals: policy.approvals } });
  }

  /** Where the order before stopped because the host planned more than people had seen, they see now what the host had planned. */
  async #plannedBefore(tx: EntityManager, server: string, rule: BundleRule, foretold: Foretold): Promise<Foreseen | null> {
    const [last] = await tx.query<{ state: string; planned: Amount | null }[]>(`SELECT state, receipt #> '{payload,planned}' AS planned FROM rotation.rotation_order WHERE server = $1 AND profile = $2 AND store = $3 AND policy = $4 AND purpose <> 'plan' ORDER BY issued_at DESC LIMIT 1`, [server, rule.profile, rule.store, rule.policy]);
    if (last?.state !== 'stopped' || last.planned === null || last.planned.items <= foretold.wouldDelete.items) return null;
    const { items, bytes } = last.planned;
    return { shown: { items, bytes }, most: { items, bytes } };
  }

  async used(tx: EntityManager, request: RequestRow, order: string, nowMs: number): Promise<void> {
    await tx.query(`UPDATE rotation.request SET state = 'used', "order" = $2, closed_at = $3 WHERE id = $1`, [request.id, order, instantOf(nowMs)]);
  }

  async #close(tx: EntityManager, request: RequestRow, state: 'rejected' | 'lapsed', nowMs: number): Promise<void> {
    await tx.query(`UPDATE rotation.request SET state = $2, closed_at = $3 WHERE id = $1`, [request.id, state, instantOf(nowMs)]);
    await raise(tx, 'rotation.answered', { id: `answered-${request.id}`, server: request.server, severity: 'info', atMs: nowMs, detail: { request: request.id, store: request.store, policy: request.policy, answer: state } });
  }

  /** Closes what nobody answered, what was approved and could not be carried out, and what a policy asked that no longer stands so. */
  async lapse(tx: EntityManager, nowMs: number): Promise<void> {
    const due = await tx.query<RequestRow[]>(`SELECT * FROM rotation.request AS request WHERE state IN ('waiting', 'approved') AND (lapses_at <= $1 OR NOT EXISTS (SELECT FROM rotation.rollout WHERE policy = request.policy AND version = request.policy_version)) FOR UPDATE SKIP LOCKED`, [instantOf(nowMs)]);
    for (const request of due) await this.#close(tx, request, 'lapsed', nowMs);
  }

  /** One person's answer. The last approval that was needed approves; one refusal refuses. In words why it cannot be taken; null when it was. */
  async answer(tx: EntityManager, id: string, answer: 'approved' | 'rejected', by: string, reason: string, nowMs: number): Promise<{ problem: string } | { request: RequestRow; isApproved: boolean }> {
    const [request] = await tx.query<RequestRow[]>(`SELECT * FROM rotation.request WHERE id::text = $1 FOR UPDATE`, [id]);
    if (request === undefined) return { problem: 'no request has this id' };
    if (request.state !== 'waiting' && !(request.state === 'approved' && answer === 'rejected')) return { problem: `the request is ${request.state === 'used' ? 'carried out' : request.state} already` };
    if (request.lapses_at.getTime() <= nowMs) return { problem: 'the request has lapsed' };
    const written = await tx.query<unknown[]>(
      `INSERT INTO rotation.answer AS was (request, person, answer, reason, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (request, person) DO UPDATE SET answer = excluded.answer, reason = excluded.reason, at = excluded.at WHERE was.answer <> excluded.answer RETURNING person`,
      [id, by, answer, reason, instantOf(nowMs)],
    );
    if (written.length === 0) return { problem: 'this person has approved already: another one must' };
    await attest(tx, { kind: 'operator-action', id: `${answer}-${id}-${nowMs}`, atMs: nowMs, document: { request: id, answer, by, reason }, facts: { request: id, server: request.server, store: request.store, policy: request.policy, action: answer } });
    if (answer === 'rejected') {
      await this.#close(tx, request, 'rejected', nowMs);
      return { request, isApproved: false };
    }
    return { request, isApproved: await this.#approveIfEnough(tx, request, nowMs) };
  }

  async #approveIfEnough(tx: EntityManager, request: RequestRow, nowMs: number): Promise<boolean> {
    const [counted] = await tx.query<{ count: string }[]>(`SELECT count(*) AS count FROM rotation.answer WHERE request = $1 AND answer = 'approved'`, [request.id]);
    if (Number(counted?.count ?? 0) < request.approvals) return false;
    await tx.query(`UPDATE rotation.request SET state = 'approved' WHERE id = $1`, [request.id]);
    await raise(tx, 'rotation.answered', { id: `approved-${request.id}`, server: request.server, severity: 'info', atMs: nowMs, detail: { request: request.id, store: request.store, policy: request.policy, answer: 'approved' } });
    return true;
  }
}
