import type { Relation } from '@mailwarden/catalogue';
import { known, unknown } from '@mailwarden/kernel';
import { connectProduct, measureRelation, type ProductClient } from '@mailwarden/product-database';
import type { RotateRequest } from '../rotate-request.js';
import type { StoreEngine } from '../store-engine.js';
import { planTable } from './plan-table.js';
import { rotateTable, settleTable } from './rotate-table.js';

function rowsOf({ store }: RotateRequest): Relation {
  if (store.rows === null) throw new TypeError(`${store.id} is a table without rows`);
  return store.rows;
}

async function withTable<T>(request: RotateRequest, away: (reason: string) => T, use: (client: ProductClient) => Promise<T>): Promise<T> {
  const client = await connectProduct(rowsOf(request).database, request.host.settings, request.host.rootPath);
  if (!client.ok) return away(client.error);
  try {
    return await use(client.value);
  } finally {
    await client.value.end();
  }
}

/** Tables of a product's own database. */
export const tableEngine: StoreEngine = {
  preview: (request) =>
    withTable(
      request,
      (reason) => {
        throw new Error(reason);
      },
      async (client) => {
        const { before, planned, goal, stopped, kept } = await planTable(client, rowsOf(request), request);
        return { before, planned, skipped: new Map(kept === null ? [] : [[kept.reason, kept.items]]), goal, stopped, staysOver: kept !== null, list: null };
      },
    ),
  carryOut: (request, _order, journal) => rotateTable(request, rowsOf(request), journal),
  settle: (request, _order, journal, reason) => settleTable(request, rowsOf(request), journal, reason),
  measure: (request) =>
    withTable(request, unknown, async (client) => {
      try {
        const { records, bytes } = await measureRelation(client, rowsOf(request));
        return known({ items: records, bytes });
      } catch {
        return unknown('the table could not be counted afterwards');
      }
    }),
};
