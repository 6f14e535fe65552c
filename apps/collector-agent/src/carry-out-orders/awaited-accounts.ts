import { count, profileId, storeId, uuid } from '@mailwarden/contracts';
import type { Logger } from '@mailwarden/observability';
import { z } from 'zod';
import type { LastKnown } from '../keep-last-known/last-known.js';

/** File of what the executor was or may have been asked to do, and whose account is not yet in the outbox. */
const KEY = 'awaited-accounts';
/** Always written in whole pieces of this size, so that on a full disk a new id fits where the old ones are. Units: bytes. */
const PIECE_BYTES = 4_096;

const awaitedAccount = z.strictObject({ id: uuid, profile: profileId, store: storeId, deadlineSeconds: count });
/** An id of the executor, and what it is about. */
export type AwaitedAccount = z.output<typeof awaitedAccount>;

function bytesOf(accounts: Iterable<AwaitedAccount>): Buffer {
  const text = JSON.stringify([...accounts]);
  return Buffer.from(text.padEnd(Math.ceil(text.length / PIECE_BYTES) * PIECE_BYTES));
}

/** Null where what is there is none of ours. */
function accountsIn(bytes: Uint8Array): AwaitedAccount[] | null {
  try {
    return z.array(awaitedAccount).safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/**
 * Ids whose account is not yet in the outbox, on disk from before the executor is asked until the account is.
 * Safety: the executor tells of nothing by itself that it has accounted for; were the id not kept here, an account that was lost on its way would never be asked for again.
 */
export class AwaitedAccounts {
  readonly #awaited = new Map<string, AwaitedAccount>();
  readonly #inHand = new Map<string, Promise<unknown>>();
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly lastKnown: Pick<LastKnown, 'read' | 'keepOver'>,
    private readonly log: Logger,
  ) {}

  /** Takes up what an earlier run left, and the room for more while there is some. Errors: throws when it is there and cannot be read. */
  static async open(lastKnown: Pick<LastKnown, 'read' | 'keepOver'>, log: Logger): Promise<AwaitedAccounts> {
    const awaited = new AwaitedAccounts(lastKnown, log);
    const bytes = await lastKnown.read(KEY);
    const kept = bytes === null ? [] : accountsIn(bytes);
    if (kept === null) log.error({ file: KEY }, 'what was noted of orders without an account cannot be understood; compare the journals of the executor with the receipts that arrived');
    for (const account of kept ?? []) awaited.#awaited.set(account.id, account);
    await lastKnown.keepOver(KEY, bytesOf(kept ?? [])).catch(() => undefined);
    return awaited;
  }

  all(): AwaitedAccount[] {
    return [...this.#awaited.values()];
  }

  /** Whether somebody is at it now. */
  isInHand(id: string): boolean {
    return this.#inHand.has(id);
  }

  /**
   * Has the executor asked for an account by `tell`, which says whether it is in the outbox or none is to come; until then the id is kept.
   * One at a time for each id. Errors: those of the disk, and then the executor was not asked; those of `tell`.
   */
  async take(account: AwaitedAccount, tell: () => Promise<boolean>): Promise<boolean> {
    const before = this.#inHand.get(account.id) ?? Promise.resolve();
    const work = before.catch(() => undefined).then(() => this.#take(account, tell));
    this.#inHand.set(account.id, work);
    try {
      return await work;
    } finally {
      if (this.#inHand.get(account.id) === work) this.#inHand.delete(account.id);
    }
  }

  async #take(account: AwaitedAccount, tell: () => Promise<boolean>): Promise<boolean> {
    await this.#inTurn(() => this.#add(account));
    const isTold = await tell();
    if (isTold) await this.#inTurn(() => this.#drop(account.id));
    return isTold;
  }

  async #add(account: AwaitedAccount): Promise<void> {
    if (this.#awaited.has(account.id)) return;
    await this.lastKnown.keepOver(KEY, bytesOf([...this.all(), account]));
    this.#awaited.set(account.id, account);
  }

  /** What stays on disk is asked for once more after a restart, and told twice: that does no harm. */
  async #drop(id: string): Promise<void> {
    this.#awaited.delete(id);
    await this.lastKnown.keepOver(KEY, bytesOf(this.all())).catch((cause: unknown) => this.log.warn({ err: cause, order: id }, 'that an account was told could not be noted; it may be told once more'));
  }

  /** One change of the file at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
