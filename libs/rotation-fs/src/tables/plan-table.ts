import type { Relation } from '@mailwarden/catalogue';
import { keyedHash } from '@mailwarden/kernel';
import { countOlderThan, measureRelation, timeAt, type ProductClient } from '@mailwarden/product-database';
import { boundPassed, clockDoubt, concernsStore, excessOf, watermarkProblem, type BegunOrder, type Goal } from '@mailwarden/rotation';
import type { Outcome } from '../outcome.js';
import type { RotateRequest } from '../rotate-request.js';

/** How many of the oldest rows would go, and what they are. */
export interface TablePlan {
  readonly before: { readonly items: number; readonly bytes: number };
  readonly planned: Outcome['planned'];
  /** No row at or after this moment goes: it is held, too young or among the newest. */
  readonly keptFrom: Date | null;
  readonly goal: Goal;
  readonly stopped: string | null;
  /** Rows that the limits ask for and that may not go. */
  readonly kept: { readonly reason: 'held' | 'in-quiet-period' | 'kept-newest'; readonly items: number } | null;
}

type Keeper = { readonly reason: 'held' | 'in-quiet-period' | 'kept-newest'; readonly fromMs: number };

/** The earliest moment from which on rows stay, and why. Rows leave from the oldest on, so a hold keeps everything from its beginning: what lies after held rows waits for the hold's end. */
async function keeperOf(client: ProductClient, relation: Relation, request: RotateRequest, records: number, nowMs: number): Promise<Keeper> {
  const holds = request.holds.filter((hold) => concernsStore(hold, request.profile.id, request.store.id));
  const keepers: Keeper[] = holds.map((hold) => ({ reason: 'held', fromMs: hold.from === null || Number.isNaN(Date.parse(hold.from)) ? -8.64e15 : Date.parse(hold.from) }));
  const newestFrom = request.keep.newest === 0 ? null : await timeAt(client, relation, Math.max(0, records - request.keep.newest));
  if (newestFrom !== null) keepers.push({ reason: 'kept-newest', fromMs: newestFrom.getTime() });
  return keepers.reduce((first, keeper) => (keeper.fromMs < first.fromMs ? keeper : first), { reason: 'in-quiet-period', fromMs: nowMs - request.keep.youngerThanSeconds * 1000 });
}

/** Looks and decides; touches nothing. An order that was begun goes on with what it had planned. */
export async function planTable(client: ProductClient, relation: Relation, request: RotateRequest, begun?: BegunOrder): Promise<TablePlan> {
  const nowMs = request.now();
  const { records, bytes, oldestAt, newestAt } = await measureRelation(client, relation);
  const before = { items: records, bytes };
  const excess = excessOf({ items: records, bytes, oldestMs: oldestAt === null ? null : Date.parse(oldestAt) }, request.watermarks.filter(({ kind }) => kind === 'records' || kind === 'age'), nowMs, begun ?? null);
  const aged = excess.olderThanMs === null ? 0 : await countOlderThan(client, relation, new Date(excess.olderThanMs));
  const wanted = Math.min(Math.max(aged, Math.ceil(excess.items)), begun?.itemsLeft ?? Infinity);
  const keeper = await keeperOf(client, relation, request, records, nowMs);
  const keptFrom = new Date(keeper.fromMs);
  const rows = wanted === 0 ? 0 : Math.min(wanted, await countOlderThan(client, relation, keptFrom));
  const oldest = rows === 0 ? null : await timeAt(client, relation, 0);
  const newest = rows === 0 ? null : await timeAt(client, relation, rows - 1);
  const digest = keyedHash(request.hashKey, `${relation.relation}\0${rows}\0${oldest?.toISOString() ?? ''}\0${newest?.toISOString() ?? ''}`);
  const planned = { items: rows, bytes: records === 0 ? 0 : Math.round((bytes * rows) / records), oldestMs: oldest?.getTime() ?? null, newestMs: newest?.getTime() ?? null, digest };
  const doubt = excess.olderThanMs === null ? null : clockDoubt({ nowMs, issuedAtMs: request.issuedAtMs, newestMs: newestAt === null ? null : Date.parse(newestAt) });
  const stopped = watermarkProblem(request.watermarks) ?? doubt ?? boundPassed(planned, before, request.bounds, begun?.deleted);
  return { before, planned, keptFrom, goal: { kinds: excess.kinds, olderThanMs: excess.olderThanMs }, stopped, kept: wanted > rows ? { reason: keeper.reason, items: wanted - rows } : null };
}
