import { MESSAGE_TYPES, serverOfSource, SIGNING_CONTEXTS, signedReceipt, type RotationOrder, type SignedReceipt } from '@mailwarden/contracts';
import { verifySignature, type SignedDocument } from '@mailwarden/kernel';
import { Consumes, FleetKeyring, Poison, RetryLater, type Received } from '@mailwarden/messaging';
import { handleOnce, OutboxRelay } from '@mailwarden/persistence';
import { Controller } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { raise } from '../order-rotation/order-book.js';

/** The order's own row may commit a moment after its receipt comes back. Units: milliseconds. */
const ORDER_RETRY_MS = 1_000;

/** Closes orders by the executors' signed accounts. */
@Controller()
export class ReceiptConsumer {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyring: FleetKeyring,
    private readonly relay: OutboxRelay,
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
    const [row] = await tx.query<{ state: string; document: SignedDocument<RotationOrder> }[]>(`SELECT state, document FROM rotation.rotation_order WHERE id = $1 FOR UPDATE`, [payload.order]);
    if (row === undefined) throw new RetryLater(ORDER_RETRY_MS, 'no order of this id was given');
    const order = row.document.payload;
    if (order.server !== payload.server || order.profile !== payload.profile || order.store !== payload.store) throw new Poison('the receipt tells of another store than its order');
    if (row.state !== 'open' && row.state !== 'expired') return;
    await tx.query(`UPDATE rotation.rotation_order SET state = $2, finished_at = $3, receipt = $4 WHERE id = $1`, [payload.order, payload.outcome, payload.finishedAt, JSON.stringify(signed)]);
    const wellEnded = payload.outcome === 'completed' || payload.outcome === 'nothing-to-do';
    await raise(tx, 'rotation.completed', {
      id: `completed-${payload.order}`,
      server: payload.server,
      severity: wellEnded ? 'info' : 'high',
      atMs: Date.parse(payload.finishedAt),
      detail: { order: payload.order, store: payload.store, policy: payload.policy, outcome: payload.outcome, itemsDeleted: payload.deleted.items, bytesDeleted: payload.deleted.bytes, digest: payload.planned.digest },
    });
  }
}
