import type { RecordLists, Relation } from '@mailwarden/catalogue';
import type { Result } from '@mailwarden/kernel';
import type { DatabaseHost } from '../relation-reader.js';
import { openMariadbTrimmer } from './mariadb-trimmer.js';
import { openPostgresTrimmer } from './postgres-trimmer.js';
import type { RecordTrimmer } from './record-trimmer.js';
import { openRedisTrimmer } from './redis-trimmer.js';
import { openSqliteTrimmer } from './sqlite-trimmer.js';

/** What a trimmer works on: a table, or the lists of a Redis. */
export type Records = { readonly rows: Relation } | { readonly lists: RecordLists };

/** How a trimmer is to leave the place of what it deleted. */
export interface TrimTerms {
  /** What the records held is written over with zeroes, where the engine can. */
  readonly overwrite: boolean;
}

/** Opens a product's records for deleting the oldest of them. Errors: why they cannot be reached, or why nothing may be deleted from them. */
export async function openTrimmer(records: Records, host: DatabaseHost, terms: TrimTerms): Promise<Result<RecordTrimmer, string>> {
  if ('lists' in records) return openRedisTrimmer(records.lists, host);
  switch (records.rows.database.engine) {
    case 'postgresql':
      return openPostgresTrimmer(records.rows, host);
    case 'mariadb':
      return openMariadbTrimmer(records.rows, records.rows.database, host);
    case 'sqlite':
      return openSqliteTrimmer(records.rows, records.rows.database, host, terms);
  }
}
