import type { RecordLists } from '@mailwarden/catalogue';
import { entryMoment } from '../redis/entry-moment.js';
import type { RedisSession, RedisTrimming } from '../redis/connect-redis.js';

/** Entries of one step through a list: small, because the server serves nobody else meanwhile. */
const PAGE_ENTRIES = 100;

/** Which end of a list its oldest entry is at. */
export type OldEnd = 'head' | 'tail';

export interface OldEntry {
  readonly entry: Buffer;
  /** Null where the entry does not say. Units: milliseconds since 1970. */
  readonly atMs: number | null;
}

function momentIn(entry: unknown, lists: RecordLists): number | null {
  const at = Buffer.isBuffer(entry) ? entryMoment(entry, lists) : null;
  return at === null ? null : Date.parse(at);
}

/** The old end of a list by the moments of both; null where they do not tell, as where there is one moment only. */
export async function oldEndOf(session: RedisSession<RedisTrimming>, key: Buffer, lists: RecordLists): Promise<OldEnd | null> {
  const [head, tail] = [momentIn(await session.ask('LINDEX', key, '0'), lists), momentIn(await session.ask('LINDEX', key, '-1'), lists)];
  return head === null || tail === null || head === tail ? null : head < tail ? 'head' : 'tail';
}

/** The entries of a list from the oldest on, read a page at a time as they are asked for. */
export async function* fromOldEnd(session: RedisSession<RedisTrimming>, key: Buffer, old: OldEnd, lists: RecordLists): AsyncGenerator<OldEntry, undefined> {
  for (let at = 0; ; at += PAGE_ENTRIES) {
    const range = old === 'head' ? [at, at + PAGE_ENTRIES - 1] : [-at - PAGE_ENTRIES, -at - 1];
    const page = (await session.ask('LRANGE', key, ...range.map(String))) as Buffer[];
    for (const entry of old === 'head' ? page : page.toReversed()) yield { entry, atMs: momentIn(entry, lists) };
    if (page.length < PAGE_ENTRIES) return undefined;
  }
}
