import type { RecordLists, Relation } from '@mailwarden/catalogue';
import type { Result } from '@mailwarden/kernel';
import type { DatabaseHost } from '../relation-reader.js';
import { openMariadbTrimmer } from './mariadb-trimmer.js';
import { openPostgresTrimmer } from './postgres-trimmer.js';
import type { PairTrimmer, RecordTrimmer } from './record-trimmer.js';
import { openRedisTrimmer } from './redis-trimmer.js';
import { openSqliteTrimmer } from './sqlite-trimmer.js';
import type { TrimTerms } from './trim-terms.js';

/** What a trimmer works on: a table, or the lists of a Redis. */
export type Records = { readonly rows: Relation } | { readonly lists: RecordLists };

/** Opens a product's records for deleting the oldest of them. Errors: why they cannot be reached, or why nothing may be deleted from them. */
export async function openTrimmer(records: Records, host: DatabaseHost, terms: TrimTerms): Promise<Result<RecordTrimmer, string>> {
  return 'lists' in records ? openRedisTrimmer(records.lists, host, terms) : openPairTrimmer(records.rows, host, terms);
}

/** Opens a table for deleting its rows, also those of pairs. Errors: as `openTrimmer`. */
export async function openPairTrimmer(rows: Relation, host: DatabaseHost, terms: TrimTerms): Promise<Result<PairTrimmer, string>> {
  switch (rows.database.engine) {
    case 'postgresql':
      return openPostgresTrimmer(rows, host);
    case 'mariadb':
      return openMariadbTrimmer(rows, rows.database, host);
    case 'sqlite':
      return openSqliteTrimmer(rows, rows.database, host, terms);
  }
}
