import { MESSAGE_TYPES, openEnvelope, serviceSource, signedRotationOrder, subjects, type SignedReceipt, type SignedRotationOrder, type TrustAnchors } from '@mailwarden/contracts';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { Tracer } from '@mailwarden/tracing';
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
    private readonly tracer: Tracer,
  ) {}

  async follow(bus: AgentBus): Promise<void> {
    await bus.takeOrders(async (bytes, delivery) => {
      const order = this.#open(bytes);
      if (order === null) return delivery.terminate();
      const keepAlive = setInterval(() => void delivery.working(), WORKING_INTERVAL_MS);
      try {
        const done = await this.#traced(order, bytes);
        await (done ? delivery.ack() : delivery.retry(RETRY_DELAY_MS));
      } finally {
        clearInterval(keepAlive);
      }
    });
  }

  /** Part of the trace that led to the order. */
  #traced(order: SignedRotationOrder, bytes: Uint8Array): Promise<boolean> {
    const { traceparent } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { traceparent?: string };
    const { id, profile, store } = order.payload;
    return this.tracer.span({ name: 'carry out an order', kind: 'consumer', from: { traceparent }, facts: { 'mailwarden.server': this.settings.server, 'mailwarden.order': id, 'mailwarden.profile': profile, 'mailwarden.store': store } }, () => this.#carryOut(order));
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
    if (result.ok) {
      await this.hands.receipts.send(result.value);
      this.#tellExecutor(result.value);
    } else this.log.error({ order: order.payload.id, store: place.store, reason: result.error }, 'no receipt; the order stays');
    return result.ok;
  }

  /** The executor has no network, so its part of the trace is told by the account that it gave. */
  #tellExecutor({ payload }: SignedReceipt): void {
    const { order, store, outcome, startedAt, finishedAt } = payload;
    this.tracer.tell({ service: 'rotation-executor', name: 'rotate a store', kind: 'internal', startMs: Date.parse(startedAt), endMs: Date.parse(finishedAt), failed: outcome === 'failed', facts: { 'mailwarden.order': order, 'mailwarden.store': store, 'mailwarden.outcome': outcome } });
  }
}
