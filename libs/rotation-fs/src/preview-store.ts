import type { SkipReason } from '@mailwarden/contracts';
import type { BytePath } from '@mailwarden/inventory';
import { connectProduct } from '@mailwarden/product-database';
import type { Goal } from '@mailwarden/rotation';
import type { Outcome } from './outcome.js';
import { planStore } from './plan-store.js';
import { planTable } from './plan-table.js';
import type { RotateRequest } from './rotate-request.js';

/** What an order on one store would do, whatever kind of store it is. */
export interface Preview {
  readonly before: Outcome['before'];
  readonly planned: Outcome['planned'];
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly goal: Goal;
  /** Why nothing may be carried out; null when it may. */
  readonly stopped: string | null;
  /** True when what may go does not suffice to get under the limits. */
  readonly staysOver: boolean;
  /** The exact files, oldest first; null for tables, whose rows are counted and never named. */
  readonly list: readonly { readonly path: BytePath; readonly bytes: number; readonly atMs: number }[] | null;
}

async function previewTable(request: RotateRequest): Promise<Preview> {
  const { store, host } = request;
  if (store.rows === null) throw new TypeError(`${store.id} is a table without rows`);
  const client = await connectProduct(store.rows.database, host.settings, host.rootPath);
  if (!client.ok) throw new Error(client.error);
  try {
    const { before, planned, goal, stopped, kept } = await planTable(client.value, store.rows, request);
    return { before, planned, skipped: new Map(kept === null ? [] : [[kept.reason, kept.items]]), goal, stopped, staysOver: kept !== null, list: null };
  } finally {
    await client.value.end();
  }
}

/** Looks and decides; touches nothing. Errors: throws when the store cannot be read or the product's database is away. */
export async function previewStore(request: RotateRequest): Promise<Preview> {
  if (request.store.kind === 'table' && request.store.rows !== null) return previewTable(request);
  const { plan, items, skipped, digest, unreadable } = await planStore(request);
  if (unreadable !== null) throw new Error(unreadable);
  const list = items.map(({ root, folder, name, bytes, atMs }) => ({ path: `${root}/${folder === '' ? '' : `${folder}/`}${name}`, bytes, atMs }));
  return { before: plan.before, planned: { ...plan.planned, digest }, skipped, goal: plan.goal, stopped: plan.stopped, staysOver: plan.staysOver, list };
}
