import { deletedInAll, MESSAGE_TYPES, serverOfSource, SIGNING_CONTEXTS, signedReceipt, type Receipt, type RotationOrder, type SignedReceipt } from '@mailwarden/contracts';
import { instantOf, verifySignature, type SignedDocument } from '@mailwarden/kernel';
import { Consumes, FleetKeyring, Poison, RetryLater, type Received } from '@mailwarden/messaging';
import { handleOnce, OutboxRelay } from '@mailwarden/persistence';
import { isFailure, itemMsOf } from '@mailwarden/rotation';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { lockServer } from '../order-rotation/lock-server.js';
import { raise } from '../raise.js';
import type { ReceivedOrder } from '../roll-out/judge-receipt.js';
import { ReceiptEffects } from './receipt-effects.js';

/** The order's own row may commit a moment after its receipt comes back. Units: milliseconds. */
const ORDER_RETRY_MS = 1_000;

interface OrderRow extends ReceivedOrder {
  readonly state: string;
  readonly document: SignedDocument<RotationOrder>;
}

/** Versions of a server's bundles count up from 1, and the newest is kept. */
async function isIssued(tx: EntityManager, server: string, version: number): Promise<boolean> {
  const [bundle] = await tx.query<{ version: string }[]>(`SELECT version FROM rotation.bundle WHERE server = $1`, [server]);
  return bundle !== undefined && version >= 1 && version <= Number(bundle.version);
}

/** Closes orders by the executors' signed accounts. */
@Controller()
export class ReceiptConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyring: FleetKeyring,
    private readonly relay: OutboxRelay,
    private readonly effects: ReceiptEffects,
  ) {}

  @Consumes('rotation-receipts', { types: { [MESSAGE_TYPES.receipt]: signedReceipt } })
  async consume({ envelope }: Received<SignedReceipt>): Promise<void> {
    const { payload, signature } = envelope.data;
    if (serverOfSource(envelope.source) !== payload.server) throw new Poison('an agent spoke in the name of another server');
    const key = this.keyring.executorKeyOf(payload.server);
    if (key === undefined || !verifySignature(key, SIGNING_CONTEXTS.receipt, payload, signature)) throw new Poison('the receipt is not signed by the executor of its server');
    await handleOnce(this.dataSource, 'rotation-receipts', `${envelope.source} ${envelope.id}`, (tx) => this.#close(tx, envelope.data));
    this.relay.kick();
  }

  async #close(tx: EntityManager, signed: SignedReceipt): Promise<void> {
    const { payload } = signed;
    const nowMs = Date.now();
    await lockServer(tx, payload.server);
    // What the host did by its bundle alone answers no order; it counts among what was deleted all the same.
    if (payload.authority?.kind === 'bundle') {
      if (!(await isIssued(tx, payload.server, payload.authority.version))) throw new Poison('no bundle of this version was issued to the server');
      return this.effects.ofBundle(tx, signed, nowMs);
    }
    const [row] = await tx.query<OrderRow[]>(`SELECT state, document, policy_version, foretold_items, foretold_bytes FROM rotation.rotation_order WHERE id = $1 FOR UPDATE`, [payload.order]);
    if (row === undefined) throw new RetryLater(ORDER_RETRY_MS, 'no order of this id was given');
    const order = row.document.payload;
    const deleted = deletedInAll(payload);
    if (order.server !== payload.server || order.profile !== payload.profile || order.store !== payload.store) throw new Poison('the receipt tells of another store than its order');
    if (row.state !== 'open' && row.state !== 'expired') return;
    await tx.query(
      `UPDATE rotation.rotation_order SET state = $2, finished_at = $3, receipt = $4, deleted_items = $5, deleted_bytes = $6, item_ms = $7, failed = $8, closed_at = $9 WHERE id = $1`,
      [payload.order, payload.outcome, payload.finishedAt, JSON.stringify(signed), deleted.items, deleted.bytes, itemMsOf(payload), isFailure(payload, order.expiresAt), instantOf(nowMs)],
    );
    await this.#tell(tx, payload, order);
    await this.effects.ofOrder(tx, payload, order, row, nowMs);
  }

  /** Exact plans are no news, and a mark has an event of its own. */
  async #tell(tx: EntityManager, receipt: Receipt, { purpose = 'rotate' }: RotationOrder): Promise<void> {
    if (purpose === 'plan' || receipt.outcome === 'marked') return;
    const { items, bytes } = deletedInAll(receipt);
    const wellEnded = receipt.outcome === 'completed' || receipt.outcome === 'nothing-to-do';
    await raise(tx, 'rotation.completed', {
      id: `completed-${receipt.order}`,
      server: receipt.server,
      severity: wellEnded ? 'info' : 'high',
      atMs: Date.parse(receipt.finishedAt),
      detail: { order: receipt.order, store: receipt.store, policy: receipt.policy, outcome: receipt.outcome, itemsDeleted: items, bytesDeleted: bytes, digest: receipt.planned.digest },
    });
  }
}
