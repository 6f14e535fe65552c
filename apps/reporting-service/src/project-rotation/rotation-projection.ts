import { deletedInAll, SIGNING_CONTEXTS, type RotationOrder, type SignedReceipt, type SignedRotationOrder } from '@mailwarden/contracts';
import { canonicalJson, sha256, uuidOf, verifySignature, type Instant, type PublicKeyText, type Sha256 } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';

/** True when the executor made this receipt. Whether its numbers fit its order is asked when both are read together. */
export const receiptSignatureHolds = (receipt: SignedReceipt, executorKey: PublicKeyText | undefined): boolean =>
  executorKey !== undefined && verifySignature(executorKey, SIGNING_CONTEXTS.receipt, receipt.payload, receipt.signature);

/** True when a receipt is of this order and says nothing that the order did not allow. */
export function receiptFitsOrder({ payload }: SignedReceipt, order: RotationOrder): boolean {
  const own = payload.order === order.id && payload.server === order.server && payload.profile === order.profile && payload.store === order.store && payload.policy === order.policy.name;
  const { items, bytes } = deletedInAll(payload);
  return own && items <= order.bounds.items && bytes <= order.bounds.bytes && payload.deleted.items <= payload.before.items;
}

export const orderSignatureHolds = (order: SignedRotationOrder, rotationKey: PublicKeyText): boolean =>
  verifySignature(rotationKey, SIGNING_CONTEXTS.order, order.payload, order.signature);

const NOT_TOLD = '0'.repeat(64) as Sha256;

/** What a receipt repeats of the rule that it was made by. Nobody gave an order: it has no watermarks, and its version is that of no policy. */
export const ruleFrom = ({ payload }: SignedReceipt): RotationOrder => ({
  schema: 'mailwarden/rotation-order/v1',
  id: payload.order,
  server: payload.server,
  profile: payload.profile,
  store: payload.store,
  policy: { name: payload.policy, version: NOT_TOLD },
  watermarks: [],
  clock: 'modified',
  keep: { newest: 0, youngerThanSeconds: 0 },
  bounds: payload.bounds,
  holds: [],
  issuedAt: payload.startedAt,
  expiresAt: payload.finishedAt,
});

/** Keeps orders, receipts and proofs, in whatever sequence they come. */
export class RotationProjection {
  async keepOrder(tx: EntityManager, { payload }: SignedRotationOrder): Promise<void> {
    await tx.query(`INSERT INTO reporting.rotation_order (id, server, store, ordered_at, document) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`, [
      payload.id,
      payload.server,
      payload.store,
      payload.issuedAt,
      JSON.stringify(payload),
    ]);
  }

  /** True when this installation issued the bundle that a host acted by: the ledger keeps each by its version. */
  async isIssuedBundle(tx: EntityManager, server: string, version: number): Promise<boolean> {
    const [policy] = await tx.query<unknown[]>(`SELECT 1 FROM reporting.ledger_entry WHERE kind = 'policy' AND reference = $1 LIMIT 1`, [`${server}-${version}`]);
    return policy !== undefined;
  }

  /**
   * The id that a receipt is kept by: its order's, but where a host did a second thing by its bundle under the id of a first, which it has forgotten. That one has an id that follows from it, the same each time.
   * Safety: an account is never lost by an id that is taken.
   */
  async keptAs(tx: EntityManager, { payload }: SignedReceipt): Promise<string> {
    const { order, server, authority } = payload;
    if (authority?.kind !== 'bundle') return order;
    const [kept] = await tx.query<{ told: unknown }[]>(`SELECT document -> 'payload' AS told FROM reporting.rotation_receipt WHERE order_id = $1 AND server = $2 AND signature_holds`, [order, server]);
    return kept === undefined || canonicalJson(kept.told) === canonicalJson(payload) ? order : uuidOf('another-account', server, order, sha256(canonicalJson(payload)));
  }

  /** A rotation without an order, because the host acted by its bundle: what its receipt repeats of the rule stands in the order's place. */
  async keepWithoutOrder(tx: EntityManager, receipt: SignedReceipt, keptAs: string): Promise<void> {
    const { server, store, startedAt } = receipt.payload;
    await tx.query(`INSERT INTO reporting.rotation_order (id, server, store, ordered_at, document) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`, [keptAs, server, store, startedAt, JSON.stringify(ruleFrom(receipt))]);
  }

  /** True when the order is known and was given to another server or for another store: whoever answers it then has no say in it. */
  async isOrderOfAnother(tx: EntityManager, { payload }: SignedReceipt): Promise<boolean> {
    const [order] = await tx.query<{ server: string; store: string }[]>(`SELECT server, store FROM reporting.rotation_order WHERE id = $1`, [payload.order]);
    return order !== undefined && (order.server !== payload.server || order.store !== payload.store);
  }

  /** The first receipt of an order stays, unless it came before its order did and turned out to be a stranger's. */
  async keepReceipt(tx: EntityManager, receipt: SignedReceipt, kept: { id: string; signatureHolds: boolean; leafIndex: number; at: Instant }): Promise<void> {
    await tx.query(
      `INSERT INTO reporting.rotation_receipt (order_id, server, received_at, signature_holds, leaf_index, document) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (order_id) DO UPDATE SET server = excluded.server, received_at = excluded.received_at, signature_holds = excluded.signature_holds, leaf_index = excluded.leaf_index, document = excluded.document
       WHERE (NOT rotation_receipt.signature_holds AND excluded.signature_holds)
         OR EXISTS (SELECT 1 FROM reporting.rotation_order o WHERE o.id = excluded.order_id AND o.server = excluded.server AND (o.server, o.store) IS DISTINCT FROM (rotation_receipt.server, rotation_receipt.document -> 'payload' ->> 'store'))`,
      [kept.id, receipt.payload.server, kept.at, kept.signatureHolds, kept.leafIndex, JSON.stringify(receipt)],
    );
  }

  async keepProof(tx: EntityManager, proof: { order: string; observedAt: Instant; items: number; bytes: number }): Promise<void> {
    await tx.query(`INSERT INTO reporting.rotation_proof (order_id, observed_at, items, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (order_id) DO NOTHING`, [
      proof.order,
      proof.observedAt,
      proof.items,
      proof.bytes,
    ]);
  }
}
