import { boundPassed } from './blast-radius.js';
import { clockDoubt } from './clock-sanity.js';
import { exceededLimits, watermarkProblem } from './exceeded-limits.js';
import type { PlanRequest, RotationPlan } from './rotation-plan.js';

/** What a table holds, told by the database itself: its rows are never brought into memory. */
export interface TableHolding {
  readonly records: number;
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
}

export interface TrimRequest extends Omit<PlanRequest, 'items'> {
  readonly table: TableHolding;
  /** Rows older than a moment, held ones left out. */
  readonly countOlderThan: (atMs: number) => Promise<number>;
}

/** How many of a table's oldest rows an order takes, and the moment no row at or after which may go. */
export interface TrimPlan extends Pick<RotationPlan, 'outcome' | 'reason' | 'exceeded' | 'skipped'> {
  readonly before: { readonly items: number; readonly bytes: 0 };
  readonly rows: number;
  /** Units: milliseconds since 1970. */
  readonly olderThanMs: number;
}

/**
 * The counterpart of `planRotation` for rows of a table: a number of rows, oldest first.
 * Safety: the newest rows, young rows and held rows are left out of what may go; bounds and clock stop it before the first row.
 */
export async function planTrim(request: TrimRequest): Promise<TrimPlan> {
  const { table, keep, nowMs } = request;
  const before = { items: table.records, bytes: 0 } as const;
  const youngFromMs = nowMs - keep.youngerThanSeconds * 1000;
  const plan = { before, exceeded: [], skipped: {}, rows: 0, olderThanMs: youngFromMs };
  const problem = watermarkProblem(request.watermarks);
  if (problem !== null) return { ...plan, outcome: 'stopped', reason: problem };
  const watermarks = request.watermarks.filter(({ kind }) => kind === 'records' || kind === 'age');
  const goal = exceededLimits({ items: table.records, bytes: 0, oldestMs: table.oldestMs }, watermarks, nowMs, request.unfinished?.kinds);
  if (goal.kinds.length === 0) return { ...plan, outcome: 'nothing-to-do', reason: '' };
  const doubt = goal.kinds.includes('age') ? clockDoubt({ nowMs, issuedAtMs: request.issuedAtMs, newestMs: table.newestMs }) : null;
  if (doubt !== null) return { ...plan, exceeded: goal.kinds, outcome: 'stopped', reason: doubt };
  const mayGo = Math.min(await request.countOlderThan(youngFromMs), Math.max(0, table.records - keep.newest));
  const aged = Number.isFinite(goal.olderThanMs) ? await request.countOlderThan(goal.olderThanMs) : 0;
  const wanted = Math.max(aged, Number.isFinite(goal.itemsMax) ? Math.ceil(table.records - goal.itemsMax) : 0);
  const rows = Math.max(0, Math.min(wanted, mayGo, request.unfinished?.itemsMax ?? Infinity));
  const passed = boundPassed({ items: rows, bytes: 0 }, before, request.bounds);
  if (passed !== null) return { ...plan, exceeded: goal.kinds, outcome: 'stopped', reason: passed };
  if (rows > 0) return { ...plan, exceeded: goal.kinds, rows, outcome: 'delete', reason: '' };
  return { ...plan, exceeded: goal.kinds, outcome: 'nothing-to-do', reason: wanted > 0 ? 'above the limit, but all rows are held, kept or young' : '' };
}
