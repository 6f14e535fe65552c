import type { Logger } from '@mailwarden/observability';
import type { AwaitedAccount, AwaitedAccounts } from '../carry-out-orders/awaited-accounts.js';
import type { ExecutorDesk } from '../carry-out-orders/executor-desk.js';
import type { ReceiptSender } from '../carry-out-orders/receipt-sender.js';
import { retryDelayMs } from '../carry-out-orders/retry-delay.js';

/** The executor's journals are looked through so often, where nothing waits. Units: milliseconds. */
export const LOOK_EVERY_MS = 30 * 60_000;

/** Who tells of what was begun, what was asked for before, and where accounts go. */
export interface SettlingHands {
  readonly desk: Pick<ExecutorDesk, 'unfinished' | 'settle'>;
  readonly accounts: AwaitedAccounts;
  readonly receipts: Pick<ReceiptSender, 'send'>;
}

/**
 * Sees to it that whatever the executor began on this host is accounted for, whoever asked for it and whether anybody still does: the broker keeps an order for a day, and an agent may lose what it kept.
 * What the executor has accounted for it lists no more: an account that was lost on its way to the outbox is asked for by its id.
 * Looks at the start and from time to time; never gives up.
 */
export class UnfinishedOrders {
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #failures = 0;

  constructor(
    private readonly hands: SettlingHands,
    /** Whether a task is asked for by somebody else, who may still go on with it. */
    private readonly isAskedFor: (id: string) => boolean,
    private readonly log: Logger,
  ) {}

  start(): void {
    void this.look();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Never rejects: what fails is logged, and tried again. */
  async look(): Promise<void> {
    const isWell = await this.#settleAll().catch((cause: unknown) => {
      this.log.error({ err: cause }, 'what was begun could not be looked through; it is looked at again');
      return false;
    });
    this.#failures = isWell ? 0 : this.#failures + 1;
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.look(), isWell ? LOOK_EVERY_MS : retryDelayMs(this.#failures)).unref();
  }

  /** True when all that was begun is accounted for, or is asked for elsewhere. */
  async #settleAll(): Promise<boolean> {
    const listed = await this.#listed();
    const wanted = new Map([...this.hands.accounts.all(), ...(listed ?? [])].map((task) => [task.id, task]));
    let isWell = listed !== null;
    for (const task of wanted.values()) if (!this.isAskedFor(task.id) && !this.hands.accounts.isInHand(task.id)) isWell = (await this.#settle(task)) && isWell;
    return isWell;
  }

  /** What has no account by the executor's journals; null where it does not tell. */
  async #listed(): Promise<readonly AwaitedAccount[] | null> {
    const listed = await this.hands.desk.unfinished();
    if (!listed.ok) {
      this.log.warn({ reason: listed.error }, 'the executor does not tell what it has begun; it is asked again');
      return null;
    }
    const { tasks, damaged } = listed.value;
    if (damaged > 0) this.log.error({ damaged }, 'journals of the executor cannot be read: what they account for is not known; keep the files, and compare them with the stores');
    return tasks;
  }

  /** One that cannot be kept does not hold back the others. */
  async #settle(task: AwaitedAccount): Promise<boolean> {
    if (this.#stopped) return false;
    try {
      return await this.hands.accounts.take(task, () => this.#account(task));
    } catch (cause) {
      this.log.error({ order: task.id, store: task.store, err: cause }, 'an account could not be kept; it is asked for again');
      return false;
    }
  }

  async #account({ id, profile, store, deadlineSeconds }: AwaitedAccount): Promise<boolean> {
    const account = await this.hands.desk.settle(id, { profile, store, deadlineSeconds });
    if (!account.ok) {
      this.log.error({ order: id, store, reason: account.error }, 'what was begun has no account yet; it is asked for again');
      return false;
    }
    if (account.value !== null) await this.hands.receipts.send(account.value);
    else this.log.warn({ order: id, store }, 'an account is awaited no more: the executor never began it, or keeps nothing of it any more; if a receipt of it is missing, look at the journals and the clock of this host');
    return true;
  }
}
