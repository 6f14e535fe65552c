import type { Relation, Store } from '@mailwarden/catalogue';
import { known, unknown, type Measured, type Result } from '@mailwarden/kernel';
import { measureLists, openReader, type RelationFacts } from '@mailwarden/product-database';
import type { Host } from './host.js';
import { orphanedHalves, type OrphanedHalves } from './orphaned-halves.js';
import type { WalkedStore } from './store-walk.js';

/** What a store's table or lists say, and for a pair how they agree with its files. */
export interface RowsFound {
  readonly relation: Measured<RelationFacts>;
  readonly orphans: Measured<OrphanedHalves> | null;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** Whoever answers in the place of a server may answer anything: what is no count would make the whole observation worthless. */
function told(facts: Result<RelationFacts, string>, what: string, source: string): Measured<RelationFacts> {
  if (!facts.ok) return unknown(`${what}${facts.error}`);
  const { records, bytes } = facts.value;
  if (!isCount(records)) return unknown(`${what}it tells a number of records that is none`);
  return known(bytes.known && !isCount(bytes.value) ? { ...facts.value, bytes: unknown('it tells a size that is none') } : facts.value, source);
}

async function rowsOf(host: Host, relation: Relation, item: WalkedStore): Promise<RowsFound> {
  const isPair = item.store.kind === 'pair';
  const reader = await openReader(relation.database, host);
  if (!reader.ok) return { relation: unknown(reader.error), orphans: isPair ? unknown(reader.error) : null };
  try {
    const facts = told(await reader.value.measure(relation), `${relation.relation} could not be read: `, `database ${relation.database.name}, ${relation.relation}`);
    if (!isPair) return { relation: facts, orphans: null };
    return { relation: facts, orphans: facts.known ? await orphanedHalves(host, item, relation, reader.value, Date.now()) : facts };
  } finally {
    await reader.value.close();
  }
}

async function listsOf(host: Host, lists: NonNullable<Store['lists']>): Promise<RowsFound> {
  const facts = await measureLists(lists, host);
  return { relation: told(facts, '', `database ${lists.database.name}, its lists`), orphans: null };
}

/** Asks the product's own database for what belongs to a store there; null where nothing does. */
export async function rowsFound(host: Host, item: WalkedStore): Promise<RowsFound | null> {
  const { rows, lists } = item.store;
  if (rows !== null) return rowsOf(host, rows, item);
  return lists === null ? null : listsOf(host, lists);
}
