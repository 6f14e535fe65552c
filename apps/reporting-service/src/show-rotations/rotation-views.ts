import type { RotationOrder, RotationView, SignedReceipt } from '@mailwarden/contracts';
import { instantOf, type Instant } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { LedgerBook, LedgerProof } from '../append-evidence/ledger-book.js';
import { readCursor, writeCursor } from '../http/page-cursor.js';
import { receiptFitsOrder } from '../project-rotation/rotation-projection.js';
import { instantFrom } from '../schema/instants.js';

interface Row {
  readonly order_document: RotationOrder;
  readonly ordered_at: Date;
  readonly receipt: SignedReceipt | null;
  readonly signature_holds: boolean | null;
  readonly leaf_index: string | null;
  readonly observed_at: Date | null;
  readonly items: string | null;
  readonly bytes: string | null;
}

function stateOf(row: Row, now: Instant): RotationView['state'] {
  if (row.observed_at !== null) return 'proved';
  if (row.receipt !== null) return row.receipt.payload.outcome;
  return row.order_document.expiresAt < now ? 'expired' : 'ordered';
}

function viewFrom(row: Row, proofs: ReadonlyMap<number, LedgerProof>, now: Instant): RotationView {
  const { receipt, observed_at: observedAt } = row;
  return {
    order: row.order_document,
    state: stateOf(row, now),
    orderedAt: instantFrom(row.ordered_at),
    receipt,
    receiptVerified: receipt === null ? null : row.signature_holds === true && receiptFitsOrder(receipt, row.order_document),
    proof: row.leaf_index === null ? null : (proofs.get(Number(row.leaf_index)) ?? null),
    provedBy: observedAt === null ? null : { observedAt: instantFrom(observedAt), items: Number(row.items), bytes: Number(row.bytes) },
  };
}

/** Reads orders with their receipt and its proof, newest first. */
export class RotationViews {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerBook,
  ) {}

  async page(filter: { server?: string | undefined; store?: string | undefined }, after: string | undefined, limit: number): Promise<{ items: RotationView[]; next: string | null }> {
    const cursor = readCursor(after);
    const views = await this.#read(
      `WHERE ($1::text IS NULL OR o.server = $1) AND ($2::text IS NULL OR o.store = $2) AND ($3::timestamptz IS NULL OR (o.ordered_at, o.id) < ($3, $4::uuid))
       ORDER BY o.ordered_at DESC, o.id DESC LIMIT $5`,
      [filter.server ?? null, filter.store ?? null, cursor?.at ?? null, cursor?.id ?? null, limit + 1],
    );
    const items = views.slice(0, limit);
    const last = items.at(-1);
    return { items, next: views.length > limit && last !== undefined ? writeCursor({ at: last.orderedAt, id: last.order.id }) : null };
  }

  async one(id: string): Promise<RotationView | undefined> {
    return (await this.#read('WHERE o.id = $1', [id]))[0];
  }

  async #read(rest: string, parameters: readonly unknown[]): Promise<RotationView[]> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT o.document AS order_document, o.ordered_at, r.document AS receipt, r.signature_holds, r.leaf_index, p.observed_at, p.items, p.bytes
       FROM reporting.rotation_order o LEFT JOIN reporting.rotation_receipt r ON r.order_id = o.id LEFT JOIN reporting.rotation_proof p ON p.order_id = o.id ${rest}`,
      [...parameters],
    );
    const leaves = rows.flatMap((row) => (row.leaf_index === null ? [] : [Number(row.leaf_index)]));
    const proofs = await this.ledger.proofs(leaves, leaves.length === 0 ? null : await this.ledger.newestCheckpoint());
    const now = instantOf(Date.now());
    return rows.map((row) => viewFrom(row, proofs, now));
  }
}
