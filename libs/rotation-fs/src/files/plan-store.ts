import { createHmac } from 'node:crypto';
import type { SkipReason } from '@mailwarden/contracts';
import type { Sha256 } from '@mailwarden/kernel';
import { concernsStore, planRotation, type BegunOrder, type RotationPlan } from '@mailwarden/rotation';
import { findItems, type FoundItem } from './find-items.js';
import type { RotateRequest } from '../rotate-request.js';

/** The exact files that would go, oldest first, and why others stay. */
export interface StorePlan {
  readonly plan: RotationPlan;
  readonly items: readonly FoundItem[];
  /** All that the store holds, those that stay among them. */
  readonly found: readonly FoundItem[];
  readonly skipped: Map<SkipReason, number>;
  /** Keyed hash over the exact list; the list itself stays on the host. */
  readonly digest: Sha256;
  readonly unreadable: string | null;
}

function digestOf(key: Uint8Array, items: readonly FoundItem[]): Sha256 {
  const hash = createHmac('sha256', key);
  for (const item of items) hash.update(`${item.root}/${item.folder === '' ? '' : `${item.folder}/`}${item.name}\0${item.size}\0${item.mtimeMs}\n`, 'latin1');
  return hash.digest('hex') as Sha256;
}

/** Looks and decides; touches nothing. */
export async function planStore(request: RotateRequest, begun?: BegunOrder): Promise<StorePlan> {
  const nowMs = request.now();
  const { items: found, passedOver, unreadable } = await findItems(request, nowMs);
  const plan = planRotation(
    { bytes: Float64Array.from(found, (item) => item.bytes), atMs: Float64Array.from(found, (item) => item.atMs), otherMs: Float64Array.from(found, (item) => item.mtimeMs), blocked: found.map((item) => item.blocked) },
    { watermarks: request.watermarks, keep: request.keep, bounds: request.bounds, holds: request.holds.filter((hold) => concernsStore(hold, request.profile.id, request.store.id)), nowMs, issuedAtMs: request.issuedAtMs, ...(begun === undefined ? {} : { begun }) },
  );
  const items = plan.selected.flatMap((place) => found[place] ?? []);
  const skipped = new Map(plan.skipped);
  if (plan.goal.kinds.length > 0) for (const [reason, count] of passedOver) skipped.set(reason, (skipped.get(reason) ?? 0) + count);
  return { plan, items, found, skipped, digest: digestOf(request.hashKey, items), unreadable };
}
