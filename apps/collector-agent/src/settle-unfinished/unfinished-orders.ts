import type { UnfinishedTasks } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import type { ExecutorDesk } from '../carry-out-orders/executor-desk.js';
import type { ReceiptSender } from '../carry-out-orders/receipt-sender.js';
import { retryDelayMs } from '../carry-out-orders/retry-delay.js';

/** The executor's journals are looked through so often, where nothing waits. Units: milliseconds. */
export const LOOK_EVERY_MS = 30 * 60_000;

type Unfinished = UnfinishedTasks['tasks'][number];

/**
 * Sees to it that whatever the executor began on this host is accounted for, whoever asked for it and whether anybody still does: the broker keeps an order for a day, and an agent may lose what it kept.
 * Looks at the start and from time to time; never gives up.
 */
export class UnfinishedOrders {
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #failures = 0;

  constructor(
    private readonly desk: Pick<ExecutorDesk, 'unfinished' | 'settle'>,
    private readonly receipts: Pick<ReceiptSender, 'send'>,
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
      this.log.error({ err: cause }, 'an account could not be kept; it is asked for again');
      return false;
    });
    this.#failures = isWell ? 0 : this.#failures + 1;
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.look(), isWell ? LOOK_EVERY_MS : retryDelayMs(this.#failures)).unref();
  }

  /** True when all that was begun is accounted for, or is asked for elsewhere. */
  async #settleAll(): Promise<boolean> {
    const listed = await this.desk.unfinished();
    if (!listed.ok) {
      this.log.warn({ reason: listed.error }, 'the executor does not tell what it has begun; it is asked again');
      return false;
    }
    const { tasks, damaged } = listed.value;
    if (damaged > 0) this.log.error({ damaged }, 'journals of the executor cannot be read: what they account for is not known; keep the files, and compare them with the stores');
    let isWell = true;
    for (const task of tasks.filter(({ id }) => !this.isAskedFor(id))) isWell = (await this.#settle(task)) && isWell;
    return isWell;
  }

  async #settle({ id, profile, store, deadlineSeconds }: Unfinished): Promise<boolean> {
    if (this.#stopped) return false;
    const account = await this.desk.settle(id, { profile, store, deadlineSeconds });
    if (!account.ok) {
      this.log.error({ order: id, store, reason: account.error }, 'what was begun has no account yet; it is asked for again');
      return false;
    }
    if (account.value !== null) await this.receipts.send(account.value);
    return true;
  }
}
