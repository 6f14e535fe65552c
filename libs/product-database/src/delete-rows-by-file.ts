import type { Relation } from '@mailwarden/catalogue';
import type { ProductClient } from './connect.js';
import { relationNames } from './relation-names.js';

/** Deletes the rows that name one of these files; committed when it resolves. */
export async function deleteRowsByFile(client: ProductClient, relation: Relation, files: readonly string[]): Promise<void> {
  const { table, file } = relationNames(relation);
  if (file === null) throw new TypeError('the relation names no files');
  await client.query(`DELETE FROM ${table} WHERE ${file} = ANY($1::text[])`, [files]);
}

/** Which of these files still have a row. */
export async function filesWithRows(client: ProductClient, relation: Relation, files: readonly string[]): Promise<Set<string>> {
  const { table, file } = relationNames(relation);
  if (file === null) throw new TypeError('the relation names no files');
  const { rows } = await client.query<{ file: string }>(`SELECT ${file} AS file FROM ${table} WHERE ${file} = ANY($1::text[])`, [files]);
  return new Set(rows.map((row) => row.file));
}
