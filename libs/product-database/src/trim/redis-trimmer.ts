import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { RecordLists } from '@mailwarden/catalogue';
import { err, known, ok, type Result } from '@mailwarden/kernel';
import { connectRedis, type RedisSession, type RedisTrimming } from '../redis/connect-redis.js';
import { keysOf, listFacts } from '../redis/measure-lists.js';
import { redisTrouble } from '../redis/redis-trouble.js';
import type { DatabaseHost } from '../relation-reader.js';
import { answerOf } from './answer-of.js';
import { chosenOf } from './chosen.js';
import { isChosen } from './choice-condition.js';
import { fromOldEnd, oldEndOf, type OldEnd } from './old-end.js';
import { toldCount } from '../told-count.js';
import type { ChosenRecords, OldestRecords, RecordTrimmer, Removal, RemoveOptions, TrimChoice, TrimFacts } from './record-trimmer.js';
import { redisReplicas } from './redis-state.js';
import { TRIM_SCRIPT } from './redis-script.js';
import type { TrimTerms } from './trim-terms.js';

/** All that a plan may read of lists, which is what would go and little more. Units: bytes. */
const TOLD_BYTES_MAX = 2 * 1024 * 1024 * 1024;
const NOTES = 'mailwarden:trimmed:';
const NOTE_DIGITS = 16;

const sha1 = (bytes: Uint8Array | string): string => createHash('sha1').update(bytes).digest('hex');

/** The next entry of one list that may go. */
interface Cursor {
  readonly list: string;
  readonly old: OldEnd;
  readonly entries: ReturnType<typeof fromOldEnd>;
  next: { readonly digest: string; readonly atMs: number } | null;
}

interface Chosen {
  readonly key: string;
  readonly atMs: number;
}

/** The lists of a product in a Redis. A list is shortened from its old end alone: what lies behind an entry that is held, or that does not say how old it is, stays as well. */
class RedisTrimmer implements RecordTrimmer {
  /** Tells after a crash whether a batch took effect. Each order has its own: another one must not write over it, or drop it. */
  readonly #note: string;
  /** The one note of all orders, which an earlier version kept. */
  readonly #noteOfBefore: string;
  #isOfBefore = false;

  constructor(
    private readonly session: RedisSession<RedisTrimming>,
    private readonly lists: RecordLists,
    { order }: TrimTerms,
  ) {
    this.#noteOfBefore = `${NOTES}${sha1(lists.keys).slice(0, NOTE_DIGITS)}`;
    this.#note = order === undefined ? this.#noteOfBefore : `${NOTES}${order}`;
  }

  #ask<T>(work: () => Promise<T>): Promise<T> {
    return answerOf(this.lists.database.name, work, redisTrouble);
  }

  async #lists(): Promise<string[]> {
    return (await keysOf(this.session, this.lists.keys)).filter((list) => !list.startsWith(NOTES)).sort();
  }

  facts(): Promise<TrimFacts> {
    return this.#ask(async () => {
      let [records, bytes] = [0, 0];
      const ends: string[] = [];
      for (const list of await this.#lists()) {
        const facts = await listFacts(this.session, Buffer.from(list, 'latin1'), this.lists);
        records += toldCount(facts.records);
        bytes += toldCount(facts.bytes);
        ends.push(...facts.ends);
      }
      ends.sort();
      return { records, dated: records, bytes: known(bytes, 'MEMORY USAGE of the server'), bytesInUse: bytes, oldestAt: (ends[0] ?? null) as TrimFacts['oldestAt'], newestAt: (ends.at(-1) ?? null) as TrimFacts['newestAt'] };
    });
  }

  amount(): ReturnType<RecordTrimmer['amount']> {
    return this.facts();
  }

  async #advance(cursor: Cursor, choice: TrimChoice): Promise<void> {
    const { value } = await cursor.entries.next();
    const { entry, atMs } = value ?? { entry: null, atMs: null };
    cursor.next = entry === null || atMs === null || !isChosen(atMs, choice) ? null : { digest: sha1(entry), atMs };
  }

  /** Entries of a choice, oldest first over all lists, without passed-over ones: a list ends where one of these stands. */
  async *#chosen(choice: TrimChoice, passedOver: ReadonlySet<string> = new Set()): AsyncGenerator<Chosen, undefined> {
    const cursors: Cursor[] = [];
    for (const list of await this.#lists()) {
      const key = Buffer.from(list, 'latin1');
      const old = await oldEndOf(this.session, key, this.lists);
      if (old === null) continue; // Nobody could say which of its entries are the oldest.
      const cursor: Cursor = { list, old, entries: fromOldEnd(this.session, key, old, this.lists), next: null };
      await this.#advance(cursor, choice);
      cursors.push(cursor);
    }
    for (;;) {
      let oldest: Cursor | null = null;
      for (const cursor of cursors) if (cursor.next !== null && (oldest?.next === undefined || oldest.next === null || cursor.next.atMs < oldest.next.atMs)) oldest = cursor;
      if (oldest === null || oldest.next === null) return undefined;
      const key = `${Buffer.from(oldest.list, 'latin1').toString('base64')} ${oldest.old} ${oldest.next.digest}`;
      if (passedOver.has(key)) oldest.next = null;
      else {
        yield { key, atMs: oldest.next.atMs };
        await this.#advance(oldest, choice);
      }
    }
  }

  count(choice: TrimChoice): Promise<number> {
    return this.#ask(async () => {
      let items = 0;
      const chosen = this.#chosen(choice);
      while ((await chosen.next()).done !== true) items += 1;
      return items;
    });
  }

  momentAt(place: number): Promise<number | null> {
    return this.#ask(async () => {
      let at = 0;
      for await (const { atMs } of this.#chosen({ beforeMs: Infinity, held: [] })) if (at++ === place) return atMs;
      return null;
    });
  }

  oldest(choice: TrimChoice, itemsMax: number): Promise<OldestRecords> {
    return this.#ask(async () => {
      let found: OldestRecords = { items: 0, oldestMs: null, newestMs: null };
      if (itemsMax <= 0) return found;
      for await (const { atMs } of this.#chosen(choice)) {
        found = { items: found.items + 1, oldestMs: found.oldestMs ?? atMs, newestMs: atMs };
        if (found.items >= itemsMax) break;
      }
      return found;
    });
  }

  choose(choice: TrimChoice, itemsMax: number, passedOver: ReadonlySet<string>): Promise<ChosenRecords> {
    return this.#ask(async () => {
      const found: (readonly [string, number])[] = [];
      if (itemsMax > 0) for await (const { key, atMs } of this.#chosen(choice, passedOver)) if (found.push([key, atMs]) >= itemsMax) break;
      return chosenOf(found);
    });
  }

  remove(keys: readonly string[], _choice: TrimChoice, { beforeCommit }: RemoveOptions = {}): Promise<Removal> {
    const byList = new Map<string, { readonly old: string; readonly digests: string[] }>();
    for (const key of keys) {
      const [list = '', old = '', digest = ''] = key.split(' ');
      const entry = byList.get(list) ?? { old, digests: [] };
      entry.digests.push(digest);
      byList.set(list, entry);
    }
    const names = [...byList.keys()].map((list) => Buffer.from(list, 'base64'));
    const words = [...byList.values()].flatMap(({ old, digests }) => [old, String(digests.length), ...digests]);
    return this.#ask(async () => {
      beforeCommit?.();
      const startedMs = performance.now();
      const went = Number(await this.session.ask('EVAL', TRIM_SCRIPT, String(names.length + 1), this.#note, ...names, this.#batchOf(keys), ...words)) === 1;
      const heldMs = performance.now() - startedMs;
      return went ? { removed: true, heldMs } : { removed: false, heldMs, why: 'changed', stays: [] };
    });
  }

  #batchOf(keys: readonly string[]): string {
    return sha1(keys.join('\n'));
  }

  /** The server's one thread has ended an earlier step before it answers. */
  left(keys: readonly string[]): Promise<number> {
    const batch = this.#batchOf(keys);
    const isIn = async (note: string): Promise<boolean> => String((await this.session.ask('GET', note)) ?? '') === batch;
    return this.#ask(async () => {
      if (await isIn(this.#note)) return 0;
      this.#isOfBefore = await isIn(this.#noteOfBefore);
      return this.#isOfBefore ? 0 : keys.length;
    });
  }

  async forget(): Promise<void> {
    await this.#ask(() => this.session.ask('DEL', this.#note, ...(this.#isOfBefore ? [this.#noteOfBefore] : [])));
    this.#isOfBefore = false;
  }

  replicas(): ReturnType<RecordTrimmer['replicas']> {
    return this.#ask(() => redisReplicas(this.session));
  }

  notes(deletedItems: number): Promise<string[]> {
    return Promise.resolve(deletedItems === 0 ? [] : [`${deletedItems} entries left the memory of the server; what it saved on disk (dump.rdb, appendonly) holds them until it saves anew: BGSAVE or BGREWRITEAOF does so at once`]);
  }

  close(): Promise<void> {
    this.session.close();
    return Promise.resolve();
  }
}

/** Errors: why the lists cannot be reached, or why nothing may be deleted from them. */
export async function openRedisTrimmer(lists: RecordLists, host: DatabaseHost, terms: TrimTerms): Promise<Result<RecordTrimmer, string>> {
  if (lists.encoding === 'opaque' || lists.timeField === null) return err(`the entries of ${lists.keys} do not say how old they are, so that nobody can tell which are the oldest`);
  const session = await connectRedis(lists.database, host, TOLD_BYTES_MAX);
  return session.ok ? ok(new RedisTrimmer(session.value, lists, terms)) : err(`database ${lists.database.name} cannot be reached: ${session.error}`);
}
