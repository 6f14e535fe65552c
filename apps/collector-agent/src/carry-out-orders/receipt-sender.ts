import { MESSAGE_TYPES, subjects, type SignedReceipt } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import type { AgentSettings } from '../agent-settings.js';
import type { AgentState } from '../agent-state.js';
import type { Outbox } from '../forward-messages/outbox.js';

/** Takes accounts of the executor to the outbox, where they wait for the bus as evidence. */
export class ReceiptSender {
  readonly #sent: (() => void)[] = [];

  constructor(
    private readonly settings: AgentSettings,
    private readonly state: AgentState,
    private readonly outbox: Outbox,
    private readonly log: Logger,
  ) {}

  /** Called after each receipt, so that the next observation can prove it at once. */
  onSent(listener: () => void): void {
    this.#sent.push(listener);
  }

  /** Returns when the receipt is on disk. */
  async send(receipt: SignedReceipt): Promise<void> {
    const { order, store, outcome, deleted } = receipt.payload;
    await this.outbox.append({ class: 'evidence', subject: subjects.receipt(this.settings.server), type: MESSAGE_TYPES.receipt, data: receipt });
    this.state.lastOrder = order;
    this.log.info({ order, store, outcome, items: deleted.items, bytes: deleted.bytes }, 'order carried out');
    for (const listener of this.#sent) listener();
  }
}
