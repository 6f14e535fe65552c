import { deletedInAll, type Receipt, type RotationOrder, type SignedReceipt } from '@mailwarden/contracts';
import { canonicalJson, sha256, uuidOf } from '@mailwarden/kernel';
import { isFailure } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import type { PolicyShelf } from '../apply-policy/policy-shelf.js';
import type { Marks } from '../mark-first/marks.js';
import { raise } from '../raise.js';
import { judgeReceipt, type ReceivedOrder } from '../roll-out/judge-receipt.js';
import type { Rollouts } from '../roll-out/rollouts.js';

/**
 * The id that a host gave to what it did by its bundle; where an order has that id, or another host, one that follows from both, the same each time.
 * A host forgets old tasks, and may do a second thing under the id of one: that is another account, and has an id that follows from it.
 */
async function freeIdFor(tx: EntityManager, { payload }: SignedReceipt): Promise<string> {
  const { server, order } = payload;
  const standing = async (id: string): Promise<{ isOfBundle: boolean; told: unknown } | null> => {
    const [row] = await tx.query<{ server: string; authority: string | null; told: unknown }[]>(`SELECT server, receipt #>> '{payload,authority,kind}' AS authority, receipt -> 'payload' AS told FROM rotation.rotation_order WHERE id = $1`, [id]);
    return row === undefined ? null : { isOfBundle: row.server === server && row.authority === 'bundle', told: row.told };
  };
  const own = await standing(order);
  const id = own === null || own.isOfBundle ? order : uuidOf('taken-order', server, order);
  const kept = id === order ? own : await standing(id);
  return kept === null || canonicalJson(kept.told) === canonicalJson(payload) ? id : uuidOf('another-account', server, order, sha256(canonicalJson(payload)));
}

/** What follows from a receipt, beside its order being closed. */
export class ReceiptEffects {
  constructor(
    private readonly shelf: PolicyShelf,
    private readonly rollouts: Rollouts,
    private readonly marks: Marks,
  ) {}

  async ofOrder(tx: EntityManager, receipt: Receipt, order: RotationOrder, row: ReceivedOrder, nowMs: number): Promise<void> {
    const purpose = order.purpose ?? 'rotate';
    if (purpose === 'plan') return;
    const isWell = receipt.outcome === 'completed' || receipt.outcome === 'nothing-to-do';
    if (purpose === 'mark') await this.marks.accounted(tx, receipt, nowMs);
    else if (order.marked != null) await this.marks.deleted(tx, order.marked, receipt);
    const policy = this.shelf.retention(receipt.policy);
    if (policy === undefined) return;
    const hasFailed = isFailure(receipt, order.expiresAt);
    if (hasFailed || isWell) await this.rollouts.ended(tx, policy, receipt.server, hasFailed ? 'failed' : 'done', nowMs);
    await judgeReceipt(tx, this.rollouts, policy, row, receipt, nowMs);
  }

  /** What a host deleted by its last bundle while it heard nobody: written down as an order that the bundle gave, so that bounds over time and the store's history know it. Safety: the agent chose the id, and must not lose the account by one that is taken. */
  async ofBundle(tx: EntityManager, signed: SignedReceipt, nowMs: number): Promise<void> {
    const { payload } = signed;
    const deleted = deletedInAll(payload);
    const policy = this.shelf.retention(payload.policy);
    const id = await freeIdFor(tx, signed);
    const written = await tx.query<unknown[]>(
      `INSERT INTO rotation.rotation_order (id, server, profile, store, policy, policy_version, purpose, state, issued_at, expires_at, finished_at, closed_at, document, receipt, deleted_items, deleted_bytes, failed)
       VALUES ($1, $2, $3, $4, $5, $6, 'rotate', $7, $8, $9, $9, to_timestamp($10 / 1000.0), '{}', $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING RETURNING id`,
      [id, payload.server, payload.profile, payload.store, payload.policy, policy?.version ?? null, payload.outcome, payload.startedAt, payload.finishedAt, nowMs, JSON.stringify(signed), deleted.items, deleted.bytes, isFailure(payload, payload.finishedAt)],
    );
    if (written.length === 0) return;
    const isWell = payload.outcome === 'completed' || payload.outcome === 'nothing-to-do';
    await raise(tx, 'rotation.completed', {
      id: `completed-${id}`,
      server: payload.server,
      severity: isWell ? 'info' : 'high',
      atMs: Date.parse(payload.finishedAt),
      detail: { order: payload.order, store: payload.store, policy: payload.policy, outcome: payload.outcome, itemsDeleted: deleted.items, bytesDeleted: deleted.bytes, digest: payload.planned.digest },
    });
    if (policy !== undefined) await judgeReceipt(tx, this.rollouts, policy, { policy_version: policy.version, foretold_items: null, foretold_bytes: null }, payload, nowMs);
  }
}
