import { MESSAGE_TYPES, openEnvelope, serviceSource, signedRotationOrder, subjects, type SignedRotationOrder, type TrustAnchors } from '@mailwarden/contracts';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { AwaitedAccounts } from './awaited-accounts.js';
import type { ExecutorDesk, TaskPlace } from './executor-desk.js';
import type { ReceiptSender } from './receipt-sender.js';

const RETRY_DELAY_MS = 5_000;
const WORKING_INTERVAL_MS = 15_000;

/** How an order is carried out, and its account kept. */
export interface OrderHands {
  readonly desk: Pick<ExecutorDesk, 'run'>;
  readonly accounts: AwaitedAccounts;
  readonly receipts: Pick<ReceiptSender, 'send'>;
}

/** Hands each signed order to the executor, one at a time, and its receipt to the outbox. The agent itself can delete nothing. */
export class OrderTaker {
  constructor(
    private readonly settings: AgentSettings,
    private readonly trust: TrustAnchors,
    private readonly hands: OrderHands,
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

  /** True when its account is in the outbox. Its id is kept on disk from before it is begun until then: the broker keeps an order for a day only. */
  async #carryOut(order: SignedRotationOrder): Promise<boolean> {
    const { id, profile, store, bounds } = order.payload;
    const place = { profile, store, deadlineSeconds: bounds.deadlineSeconds };
    this.log.info({ order: id, store }, 'order taken');
    try {
      return await this.hands.accounts.take({ id, ...place }, () => this.#account(order, place));
    } catch (cause) {
      this.log.error({ order: id, store, err: cause }, 'the order or its account could not be kept; the order stays');
      return false;
    }
  }

  async #account(order: SignedRotationOrder, place: TaskPlace): Promise<boolean> {
    const result = await this.hands.desk.run({ order, rule: null }, place);
    if (result.ok) await this.hands.receipts.send(result.value);
    else this.log.error({ order: order.payload.id, store: place.store, reason: result.error }, 'no receipt; the order stays');
    return result.ok;
  }
}
