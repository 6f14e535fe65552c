import type { Relation } from '@mailwarden/catalogue';
import type { ProductClient } from './connect.js';
import { postgresMoment, postgresNames } from './relation-names.js';

/** SQLSTATE classes after which nobody can tell whether a statement took effect: the connection or the server went away meanwhile. Source: PostgreSQL manual, appendix A. */
const AMBIGUOUS = /^(?:08|57P|58|XX)/;

/** The rows are certainly all still there: the database answered, and said no. */
export class RowsStay extends Error {
  constructor(code: string, options: { cause: unknown }) {
    super(`the database refused to delete the rows (${code})`, options);
    this.name = 'RowsStay';
  }
}

/** Deletes the rows that name one of these files, in one transaction that begins with `check`; committed when it resolves. Errors: `RowsStay` when nothing was deleted; any other when that cannot be told. */
export async function deleteRowsByFile(client: ProductClient, relation: Relation, files: readonly string[], check: () => Promise<void>): Promise<void> {
  const { table, file } = postgresNames(relation);
  if (file === null) throw new TypeError('the relation names no files');
  try {
    await client.query('BEGIN');
    await check();
    await client.query(`DELETE FROM ${table} WHERE ${file} = ANY($1::text[])`, [files]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined); // A lost connection has rolled back by itself.
    if (cause instanceof RangeError) throw new RowsStay(cause.message, { cause });
    const { code, severity } = cause as { code?: string; severity?: string };
    if (code !== undefined && severity === 'ERROR' && !AMBIGUOUS.test(code)) throw new RowsStay(code, { cause });
    throw cause;
  }
}

/** Which of these files have a row; with `before`, only rows from before that moment count, and with `condition` only those that it is true of. */
export async function filesWithRows(client: ProductClient, relation: Relation, files: readonly string[], before: Date | null = null, condition = 'true'): Promise<Set<string>> {
  const { table, file } = postgresNames(relation);
  if (file === null) throw new TypeError('the relation names no files');
  const { rows } = await client.query<{ file: string }>(`SELECT ${file} AS file FROM ${table} WHERE ${file} = ANY($1::text[]) AND ($2::timestamptz IS NULL OR ${postgresMoment(relation)} < $2::timestamptz) AND (${condition})`, [files, before]);
  return new Set(rows.map((row) => row.file));
}
