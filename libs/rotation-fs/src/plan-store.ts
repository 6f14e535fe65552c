import { createHmac } from 'node:crypto';
import type { SkipReason } from '@mailwarden/contracts';
import type { Sha256 } from '@mailwarden/kernel';
import { planRotation, type Amount, type RotationPlan } from '@mailwarden/rotation';
import { findItems, type FoundItem } from './find-items.js';
import type { RotateRequest } from './rotate-request.js';

/** The exact files that would go, oldest first, and why others stay. */
export interface StorePlan {
  readonly plan: RotationPlan;
  readonly items: readonly FoundItem[];
  readonly skipped: Map<SkipReason, number>;
  /** Keyed hash over the exact list; the list itself stays on the host. */
  readonly digest: Sha256;
}

function digestOf(key: Uint8Array, items: readonly FoundItem[]): Sha256 {
  const hash = createHmac('sha256', key);
  for (const item of items) hash.update(`${item.folder}/${item.name}\0${item.size}\0${item.mtimeMs}\n`, 'latin1');
  return hash.digest('hex') as Sha256;
}

const moreSkipped = (into: Map<SkipReason, number>, from: ReadonlyMap<SkipReason, number>): void => from.forEach((count, reason) => into.set(reason, (into.get(reason) ?? 0) + count));

/** Looks and decides; touches nothing. */
export async function planStore(request: RotateRequest, alreadyDeleted?: Amount): Promise<StorePlan> {
  const { store, profile, host } = request;
  const nowMs = request.now();
  const others = profile.stores.slice(0, profile.stores.findIndex((candidate) => candidate.id === store.id));
  const found = await findItems(host, store, others, nowMs);
  const plan = planRotation(
    { bytes: Float64Array.from(found.items, (item) => item.bytes), atMs: Float64Array.from(found.items, (item) => item.atMs), blocked: found.items.map((item) => item.blocked) },
    { watermarks: request.watermarks, keep: request.keep, bounds: request.bounds, holds: request.holds.filter((hold) => hold.store === null || hold.store === store.id), nowMs, ...(alreadyDeleted === undefined ? {} : { alreadyDeleted }) },
  );
  const items = plan.selected.flatMap((place) => found.items[place] ?? []);
  const skipped = new Map<SkipReason, number>();
  moreSkipped(skipped, plan.skipped);
  if (plan.selected.length > 0) moreSkipped(skipped, found.passedOver);
  return { plan, items, skipped, digest: digestOf(request.hashKey, items) };
}
