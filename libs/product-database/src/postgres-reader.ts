import type { ServerDatabase } from '@mailwarden/catalogue';
import { known, ok, type Result } from '@mailwarden/kernel';
import { attempt } from './attempt.js';
import { connectProduct } from './connect.js';
import { filesWithRows } from './delete-rows-by-file.js';
import { fileNamesOf, measureRelation, reading, readValue } from './measure-relation.js';
import type { DatabaseHost, RelationReader } from './relation-reader.js';
import { troubleOf } from './trouble.js';

/** Reads PostgreSQL by the connection that rotation uses too. Errors: why it cannot be reached. */
export async function openPostgres(database: ServerDatabase, { settings, rootPath }: DatabaseHost): Promise<Result<RelationReader, string>> {
  const client = await connectProduct(database, settings, rootPath);
  if (!client.ok) return client;
  const ask = <T>(work: () => Promise<T>): Promise<Result<T, string>> => attempt(work, troubleOf);
  return ok({
    measure: (relation) =>
      ask(async () => {
        const { bytes, ...facts } = await measureRelation(client.value, relation);
        return { ...facts, bytes: known(bytes) };
      }),
    fileNames: (relation, namesMax) => ask(() => fileNamesOf(client.value, relation, namesMax)),
    filesWithRows: (relation, files, before) => ask(() => reading(client.value, () => filesWithRows(client.value, relation, files, before))),
    value: (query) => ask(() => readValue(client.value, query)),
    close: () => client.value.end(),
  });
}
