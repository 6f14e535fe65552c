import { MESSAGE_TYPES, openEnvelope, serviceSource, signedRotationOrder, subjects, type SignedRotationOrder, type TrustAnchors } from '@mailwarden/contracts';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { ExecutorDesk } from './executor-desk.js';
import type { ReceiptSender } from './receipt-sender.js';

const RETRY_DELAY_MS = 5_000;
const WORKING_INTERVAL_MS = 15_000;

/** Hands each signed order to the executor, one at a time, and its receipt to the outbox. The agent itself can delete nothing. */
export class OrderTaker {
  constructor(
    private readonly settings: AgentSettings,
    private readonly trust: TrustAnchors,
    private readonly desk: ExecutorDesk,
    private readonly receipts: ReceiptSender,
    private readonly log: Logger,
  ) {}

  async follow(bus: AgentBus): Promise<void> {
    await bus.takeOrders(async (bytes, delivery) => {
      const order = this.#open(bytes);
      if (order === null) return delivery.terminate();
      const keepAlive = setInterval(() => void delivery.working(), WORKING_INTERVAL_MS);
      try {
        const done = await this.#carryOut(order);
        await (done ? delivery.ack() : delivery.retry(RETRY_DELAY_MS));
      } finally {
        clearInterval(keepAlive);
      }
    });
  }

  /** First check only: the executor verifies everything again by itself, members that this version does not know among it. */
  #open(bytes: Uint8Array): SignedRotationOrder | null {
    const opened = openEnvelope(bytes, {
      subject: subjects.order(this.settings.server),
      types: { [MESSAGE_TYPES.order]: signedRotationOrder },
      keyOf: (source) => (source === serviceSource('rotation') ? this.trust.rotation : undefined),
    });
    if (opened.ok) return (JSON.parse(Buffer.from(bytes).toString('utf8')) as { data: SignedRotationOrder }).data;
    this.log.warn({ code: opened.error.code, detail: opened.error.detail }, 'an order was refused');
    return null;
  }

  async #carryOut(order: SignedRotationOrder): Promise<boolean> {
    const { id, profile, store, bounds } = order.payload;
    this.log.info({ order: id, store }, 'order taken');
    const result = await this.desk.run({ order, rule: null }, { profile, store, deadlineSeconds: bounds.deadlineSeconds });
    if (result.ok) await this.receipts.send(result.value);
    else this.log.error({ order: id, store, reason: result.error }, 'no receipt; the order stays');
    return result.ok;
  }
}
