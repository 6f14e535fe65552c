import { openTrimmer, type RecordTrimmer, type Records } from '@mailwarden/product-database';
import { productAccounts } from '../folder-owners.js';
import type { RotateRequest } from '../rotate-request.js';

/** The table or the lists of a store. */
export function recordsOf({ store }: RotateRequest): Records {
  if (store.rows !== null) return { rows: store.rows };
  if (store.lists !== null) return { lists: store.lists };
  throw new TypeError(`${store.id} is a table without rows`);
}

/** Uses a store's records and closes them; `order` is the id of the one that deletes. Errors: throws when they cannot be reached, so that the order stays open. */
export async function withRecords<T>(request: RotateRequest, use: (trimmer: RecordTrimmer) => Promise<T>, order?: string): Promise<T> {
  const trimmer = await openTrimmer(recordsOf(request), request.host, { overwrite: request.overwrite, owners: productAccounts(request.host, request.profile), ...(order === undefined ? {} : { order }) });
  if (!trimmer.ok) throw new Error(trimmer.error);
  try {
    return await use(trimmer.value);
  } finally {
    await trimmer.value.close();
  }
}
