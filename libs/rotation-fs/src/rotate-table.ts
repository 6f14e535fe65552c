import { keyedHash } from '@mailwarden/kernel';
import { connectProduct, countOlderThan, measureRelation, timeAt, TRIM_ROWS_PER_BATCH, trimOldest, type ProductClient } from '@mailwarden/product-database';
import type { Relation } from '@mailwarden/catalogue';
import type { Journal } from './journal.js';
import type { Outcome } from './outcome.js';
import type { ApplyRequest, RotateRequest } from './rotate-request.js';
import { deletedBefore, toTheEnd } from './rotate-files.js';

/** How many of the oldest rows would go, and what they are. */
export interface TablePlan {
  readonly before: { readonly items: number; readonly bytes: number };
  readonly planned: Outcome['planned'];
  /** No row at or after this moment goes: it is held, too young or among the newest. */
  readonly keptFrom: Date | null;
  readonly stopped: string | null;
  readonly held: number;
}

const earliest = (moments: readonly (number | null)[]): number | null => moments.reduce<number | null>((first, moment) => (moment === null ? first : first === null ? moment : Math.min(first, moment)), null);

async function rowsWanted(client: ProductClient, relation: Relation, request: RotateRequest, records: number): Promise<number> {
  let wanted = 0;
  for (const { kind, limit, target } of request.watermarks) {
    if (kind === 'records' && records > limit) wanted = Math.max(wanted, records - target);
    if (kind === 'age' && (await countOlderThan(client, relation, new Date(request.now() - limit * 1000))) > 0) wanted = Math.max(wanted, await countOlderThan(client, relation, new Date(request.now() - target * 1000)));
  }
  return wanted;
}

/** Rows leave from the oldest on, so a hold keeps everything from its beginning: what lies after held rows waits for the hold's end. */
export async function planTable(client: ProductClient, relation: Relation, request: RotateRequest, already = 0): Promise<TablePlan> {
  const { records, bytes } = await measureRelation(client, relation);
  const wanted = await rowsWanted(client, relation, request, records);
  const holds = request.holds.filter((hold) => hold.store === null || hold.store === request.store.id);
  const heldFromMs = earliest(holds.map((hold) => (hold.from === null ? 0 : Date.parse(hold.from))));
  const newestFrom = request.keep.newest === 0 ? null : await timeAt(client, relation, Math.max(0, records - request.keep.newest));
  const keptFromMs = earliest([heldFromMs, request.now() - request.keep.youngerThanSeconds * 1000, newestFrom?.getTime() ?? null]);
  const keptFrom = keptFromMs === null ? null : new Date(keptFromMs);
  const mayGo = keptFrom === null ? records : await countOlderThan(client, relation, keptFrom);
  const rows = Math.min(wanted, mayGo);
  const oldest = rows === 0 ? null : await timeAt(client, relation, 0);
  const newest = rows === 0 ? null : await timeAt(client, relation, rows - 1);
  const planned = { items: rows, bytes: records === 0 ? 0 : Math.round((bytes * rows) / records), oldestMs: oldest?.getTime() ?? null, newestMs: newest?.getTime() ?? null, digest: keyedHash(request.hashKey, `${relation.relation}\0${rows}\0${oldest?.toISOString() ?? ''}\0${newest?.toISOString() ?? ''}`) };
  const { bounds } = request;
  const percent = records + already === 0 ? 0 : (100 * (rows + already)) / (records + already);
  const stopped = rows + already > bounds.items ? `${rows + already} rows would go; the bound is ${bounds.items}` : percent > bounds.percent ? `${percent.toFixed(1)} % of the table would go; the bound is ${bounds.percent} %` : null;
  return { before: { items: records, bytes }, planned, keptFrom, stopped, held: wanted - rows };
}

/** Trims a table to its low watermark, oldest first, in short transactions. */
export async function rotateTable(request: ApplyRequest, relation: Relation, journal: Journal): Promise<Outcome> {
  const client = await connectProduct(relation.database, request.host.settings, request.host.rootPath);
  if (!client.ok) throw new Error(client.error);
  try {
    const deleted = deletedBefore(journal.records);
    const begun = journal.records.find((record) => record.kind === 'begun');
    const plan = await planTable(client.value, relation, begun === undefined ? request : { ...request, watermarks: toTheEnd(request.watermarks) }, deleted.items);
    const first = begun ?? { kind: 'begun' as const, before: plan.before, planned: plan.planned, startedMs: request.now() };
    const last = journal.records.at(-1);
    const cutShort = last?.kind === 'rows-intent' ? `a batch of at most ${last.rows} rows was under way when an earlier run was cut short; it is in the difference between before and after` : '';
    if (plan.held > 0) deleted.skipped.set('held', plan.held);
    const said = (outcome: Outcome['outcome'], reason: string): Outcome => ({ outcome, reason, before: first.before, planned: first.planned, deleted, resumed: begun !== undefined });
    if (plan.stopped !== null) return said('stopped', plan.stopped);
    if (plan.planned.items === 0) return said(deleted.items > 0 ? 'completed' : 'nothing-to-do', cutShort);
    if (begun === undefined) journal.write(first);
    const inTime = await trim(client.value, relation, request, journal, plan, deleted);
    return inTime ? said('completed', cutShort) : said('stopped', `the time of ${request.bounds.deadlineSeconds} s ran out`);
  } finally {
    await client.value.end();
  }
}

async function trim(client: ProductClient, relation: Relation, request: ApplyRequest, journal: Journal, plan: TablePlan, deleted: Outcome['deleted']): Promise<boolean> {
  const deadlineMs = request.now() + request.bounds.deadlineSeconds * 1000;
  const bytesPerRow = plan.planned.items === 0 ? 0 : plan.planned.bytes / plan.planned.items;
  for (let left = plan.planned.items; left > 0; ) {
    if (request.now() > deadlineMs) return false;
    request.watch?.('intent');
    journal.write({ kind: 'rows-intent', rows: Math.min(left, TRIM_ROWS_PER_BATCH) });
    const rows = await trimOldest(client, relation, left, plan.keptFrom);
    request.watch?.('rows');
    const bytes = Math.round(rows * bytesPerRow);
    journal.write({ kind: 'rows-deleted', rows, bytes });
    deleted.items += rows;
    deleted.bytes += bytes;
    if (rows === 0) return true; // Another transaction holds the rest; the next order finds it.
    left -= rows;
  }
  return true;
}
