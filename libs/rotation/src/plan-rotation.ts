import { SKIP_REASONS, type SkipReason } from '@mailwarden/contracts';
import { boundPassed } from './blast-radius.js';
import { clockDoubt } from './clock-sanity.js';
import { exceededLimits, watermarkProblem, type Goal } from './exceeded-limits.js';
import type { Amount, HeldSpan, ItemColumns, PlanRequest, RotationPlan, Skips } from './rotation-plan.js';

const NONE = new Uint32Array(0);
const NOTHING = { items: 0, bytes: 0, oldestMs: null, newestMs: null };

/** Code of a reason in `ItemColumns.barred`. */
export const barredBy = (reason: SkipReason): number => SKIP_REASONS.indexOf(reason) + 1;

/**
 * Chooses what an order takes from a store: oldest first, down to the low watermark of each limit that is passed.
 * Held, kept, young and barred items are passed over with a reason, so a store may stay above its limit.
 * Safety: a plan above the order's bounds, or by a clock that cannot be believed, selects nothing.
 */
export function planRotation(request: PlanRequest): RotationPlan {
  const { items, watermarks, nowMs } = request;
  const seen = summary(items);
  const before: Amount = { items: items.count, bytes: seen.bytes };
  const empty = { before, exceeded: [], selected: NONE, planned: NOTHING, skipped: {} };
  const problem = watermarkProblem(watermarks);
  if (problem !== null) return { ...empty, outcome: 'stopped', reason: problem };
  const goal = exceededLimits({ ...before, oldestMs: seen.oldestMs }, watermarks, nowMs, request.unfinished?.kinds);
  if (goal.kinds.length === 0) return { ...empty, outcome: 'nothing-to-do', reason: '' };
  const doubt = goal.kinds.includes('age') ? clockDoubt({ nowMs, issuedAtMs: request.issuedAtMs, newestMs: seen.newestMs }) : null;
  if (doubt !== null) return { ...empty, exceeded: goal.kinds, outcome: 'stopped', reason: doubt };
  return selection(request, goal, before);
}

function summary({ count, bytes, atMs }: ItemColumns): { bytes: number; oldestMs: number | null; newestMs: number | null } {
  let [total, oldest, newest] = [0, Infinity, -Infinity];
  for (let row = 0; row < count; row += 1) {
    total += bytes[row] ?? 0;
    const at = atMs[row] ?? NaN;
    if (at < oldest) oldest = at;
    if (at > newest) newest = at;
  }
  return { bytes: total, oldestMs: oldest === Infinity ? null : oldest, newestMs: newest === -Infinity ? null : newest };
}

/** Rows that have a moment, oldest first; equal moments in the order they were given. */
function oldestFirst({ count, atMs }: ItemColumns): Uint32Array {
  const rows = new Uint32Array(count);
  let used = 0;
  for (let row = 0; row < count; row += 1) if (!Number.isNaN(atMs[row])) rows[used++] = row;
  return rows.subarray(0, used).sort((a, b) => (atMs[a] ?? 0) - (atMs[b] ?? 0) || a - b);
}

const isHeld = (atMs: number, holds: readonly HeldSpan[]): boolean =>
  holds.some(({ fromMs, untilMs }) => (fromMs === null || atMs >= fromMs) && (untilMs === null || atMs <= untilMs));

function selection(request: PlanRequest, goal: Goal, before: Amount): RotationPlan {
  const { items, keep, holds, nowMs } = request;
  const rows = oldestFirst(items);
  const selected = new Uint32Array(rows.length);
  const skipped: Skips = {};
  const skip = (reason: SkipReason, count = 1): void => void (skipped[reason] = (skipped[reason] ?? 0) + count);
  if (rows.length < items.count) skip('no-clock', items.count - rows.length);
  const keptFrom = rows.length - keep.newest;
  const youngFromMs = nowMs - keep.youngerThanSeconds * 1000;
  const most = request.unfinished?.itemsMax ?? Infinity;
  let [taken, bytes] = [0, 0];
  for (let place = 0; place < rows.length && taken < most; place += 1) {
    const row = rows[place] ?? 0;
    const at = items.atMs[row] ?? NaN;
    if (before.bytes - bytes <= goal.bytesMax && before.items - taken <= goal.itemsMax && at >= goal.olderThanMs) break;
    const barred = items.barred[row] ?? 0;
    if (barred > 0) skip(SKIP_REASONS[barred - 1] ?? 'io-error');
    else if (isHeld(at, holds)) skip('held');
    else if (place >= keptFrom) skip('kept-newest');
    else if (at > youngFromMs) skip('in-quiet-period');
    else {
      selected[taken++] = row;
      bytes += items.bytes[row] ?? 0;
    }
  }
  return judged(request, { before, exceeded: goal.kinds, selected: selected.subarray(0, taken), skipped }, bytes);
}

function judged(request: PlanRequest, plan: Pick<RotationPlan, 'before' | 'exceeded' | 'selected' | 'skipped'>, bytes: number): RotationPlan {
  const { atMs } = request.items;
  const edge = (row: number | undefined): number | null => (row === undefined ? null : (atMs[row] ?? null));
  const planned = { items: plan.selected.length, bytes, oldestMs: edge(plan.selected[0]), newestMs: edge(plan.selected.at(-1)) };
  const passed = boundPassed(planned, plan.before, request.bounds);
  if (passed !== null) return { ...plan, planned, selected: NONE, outcome: 'stopped', reason: passed };
  if (planned.items > 0) return { ...plan, planned, outcome: 'delete', reason: '' };
  const kept = Object.entries(plan.skipped).map(([why, count]) => `${count} ${why}`);
  return { ...plan, planned, outcome: 'nothing-to-do', reason: `above the limit, but nothing may go: ${kept.join(', ')}`.slice(0, 500) };
}
