import { MESSAGE_TYPES, openEnvelope, serviceSource, signedRotationOrder, subjects, type SignedRotationOrder, type TrustAnchors } from '@mailwarden/contracts';
import type { AgentBus } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { Outbox } from '../forward-messages/outbox.js';
import { runExecutor } from './executor-process.js';

const RETRY_DELAY_MS = 5_000;
const WORKING_INTERVAL_MS = 15_000;

/** Hands each signed order to the executor, one at a time, and its receipt to the outbox. The agent itself can delete nothing. */
export class OrderTaker {
  readonly #carriedOut: (() => void)[] = [];

  constructor(
    private readonly settings: AgentSettings,
    private readonly trust: TrustAnchors,
    private readonly state: AgentState,
    private readonly outbox: Outbox,
    private readonly log: Logger,
  ) {}

  /** Called after each receipt, so that the next observation can prove it at once. */
  onCarriedOut(listener: () => void): void {
    this.#carriedOut.push(listener);
  }

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

  /** First check only: the executor verifies everything again by itself. */
  #open(bytes: Uint8Array): SignedRotationOrder | null {
    const opened = openEnvelope(bytes, {
      subject: subjects.order(this.settings.server),
      types: { [MESSAGE_TYPES.order]: signedRotationOrder },
      keyOf: (source) => (source === serviceSource('rotation') ? this.trust.rotation : undefined),
    });
    if (opened.ok) return opened.value.data;
    this.log.warn({ code: opened.error.code, detail: opened.error.detail }, 'an order was refused');
    return null;
  }

  async #carryOut(order: SignedRotationOrder): Promise<boolean> {
    const { id, store } = order.payload;
    this.log.info({ order: id, store }, 'order taken');
    const result = await runExecutor(this.settings.executor.command, this.settings.executor.settings, order);
    if (!result.ok) {
      this.log.error({ order: id, store, reason: result.error }, 'no receipt; the order stays');
      return false;
    }
    const { outcome, deleted } = result.value.payload;
    await this.outbox.append({ class: 'evidence', subject: subjects.receipt(this.settings.server), type: MESSAGE_TYPES.receipt, data: result.value });
    this.state.lastOrder = id;
    this.log.info({ order: id, store, outcome, items: deleted.items, bytes: deleted.bytes }, 'order carried out');
    for (const listener of this.#carriedOut) listener();
    return true;
  }
}
