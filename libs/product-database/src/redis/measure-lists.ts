import { performance } from 'node:perf_hooks';
import type { RecordLists } from '@mailwarden/catalogue';
import { err, known, type Instant, type Result } from '@mailwarden/kernel';
import { attempt } from '../attempt.js';
import type { DatabaseHost, RelationFacts } from '../relation-reader.js';
import { connectRedis, type RedisSession } from './connect-redis.js';
import { entryMoment } from './entry-moment.js';
import { redisTrouble } from './redis-trouble.js';

/** A product keeps a handful of such lists. More are no lists of records. */
const LISTS_MAX = 1_000;
/** Keys that the server looks at in one step of the search. */
const KEYS_PER_STEP = 1_000;
/** The whole of a search through a large server. Units: milliseconds. */
const SEARCH_MS_MAX = 10_000;

/** The lists whose keys match a pattern. Errors: throws RangeError above the bounds. */
export async function keysOf(session: RedisSession, pattern: string): Promise<string[]> {
  const untilMs = performance.now() + SEARCH_MS_MAX;
  const keys = new Set<string>(); // The search may show a key twice.
  let cursor = '0';
  do {
    if (performance.now() > untilMs) throw new RangeError('the search for its lists took longer than a mail server can spare');
    const [next, found] = (await session.ask('SCAN', cursor, 'MATCH', pattern, 'COUNT', String(KEYS_PER_STEP), 'TYPE', 'list')) as [Buffer, Buffer[]];
    for (const key of found) keys.add(key.toString('latin1'));
    if (keys.size > LISTS_MAX) throw new RangeError(`more than ${LISTS_MAX} lists`);
    cursor = String(next);
  } while (cursor !== '0');
  return [...keys];
}

export interface ListFacts {
  readonly records: number;
  readonly bytes: number;
  readonly ends: readonly Instant[];
}

/** Products push at either end, so the oldest entry is at one of them and the newest at the other. */
async function endsOf(session: RedisSession, key: Buffer, lists: RecordLists): Promise<Instant[]> {
  if (lists.encoding === 'opaque' || lists.timeField === null) return [];
  const entries = [await session.ask('LINDEX', key, '0'), await session.ask('LINDEX', key, '-1')];
  return entries.flatMap((entry) => (Buffer.isBuffer(entry) ? (entryMoment(entry, lists) ?? []) : []));
}

/** As the server tells it: whoever reckons with the numbers sees that they are counts. */
export async function listFacts(session: RedisSession, key: Buffer, lists: RecordLists): Promise<ListFacts> {
  const records = Number(await session.ask('LLEN', key));
  const bytes = Number((await session.ask('MEMORY', 'USAGE', key)) ?? 0);
  return { records, bytes, ends: await endsOf(session, key, lists) };
}

async function measure(session: RedisSession, lists: RecordLists): Promise<RelationFacts> {
  const found: ListFacts[] = [];
  for (const key of await keysOf(session, lists.keys)) found.push(await listFacts(session, Buffer.from(key, 'latin1'), lists));
  const ends = found.flatMap(({ ends: own }) => own).sort();
  const sum = (of: (facts: ListFacts) => number): number => found.reduce((total, facts) => total + of(facts), 0);
  return { records: sum(({ records }) => records), bytes: known(sum(({ bytes }) => bytes), 'MEMORY USAGE of the server'), oldestAt: ends[0] ?? null, newestAt: ends.at(-1) ?? null };
}

/**
 * Counts the entries of a product's lists in Redis, with the memory that they take up and the oldest and newest of their ends.
 * Only lists count, whatever else has such a key. Errors: why they cannot be read.
 */
export async function measureLists(lists: RecordLists, host: DatabaseHost): Promise<Result<RelationFacts, string>> {
  const { name } = lists.database;
  const session = await connectRedis(lists.database, host);
  if (!session.ok) return err(`database ${name} cannot be reached: ${session.error}`);
  try {
    const facts = await attempt(() => measure(session.value, lists), redisTrouble);
    return facts.ok ? facts : err(`the lists of database ${name} could not be read: ${facts.error}`);
  } finally {
    session.value.close();
  }
}
