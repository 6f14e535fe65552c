import type { Receipt } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { rolloutOf, type RetentionPolicy } from '@mailwarden/policy';
import { PACE_RECEIPTS_MIN, surpriseOf, type Expectation } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import type { Rollouts, RolloutRow } from './rollouts.js';

/** Failures of a policy that has come everywhere count for so long. Units: milliseconds. */
const FAILURES_COUNT_MS = 86_400_000;
/** So many receipts back is what is usual. */
const PACE_RECEIPTS_MAX = 50;

export interface ReceivedOrder {
  readonly policy_version: string | null;
  readonly foretold_items: string | null;
  readonly foretold_bytes: string | null;
}

async function medianItemMs(tx: EntityManager, policy: string, order: string): Promise<number | null> {
  const [row] = await tx.query<{ receipts: string; median: number | null }[]>(
    `SELECT count(*) AS receipts, percentile_cont(0.5) WITHIN GROUP (ORDER BY item_ms) AS median
     FROM (SELECT item_ms FROM rotation.rotation_order WHERE policy = $1 AND id <> $2 AND item_ms IS NOT NULL AND finished_at IS NOT NULL AND purpose <> 'plan' ORDER BY finished_at DESC LIMIT ${PACE_RECEIPTS_MAX}) AS lately`,
    [policy, order],
  );
  return Number(row?.receipts ?? 0) < PACE_RECEIPTS_MIN ? null : (row?.median ?? null);
}

async function failuresOf(tx: EntityManager, policy: string, row: RolloutRow, nowMs: number): Promise<number> {
  const sinceMs = Math.max(row.since.getTime(), nowMs - FAILURES_COUNT_MS);
  const [counted] = await tx.query<{ count: string }[]>(`SELECT count(*) AS count FROM rotation.rotation_order WHERE policy = $1 AND failed AND purpose <> 'plan' AND finished_at IS NOT NULL AND closed_at >= $2`, [policy, instantOf(sinceMs)]);
  return Number(counted?.count ?? 0);
}

/** Stops the policy everywhere when a receipt of its standing version surprises. The receipt must be in its order's row already. */
export async function judgeReceipt(tx: EntityManager, rollouts: Rollouts, policy: RetentionPolicy, order: ReceivedOrder, receipt: Receipt, nowMs: number): Promise<void> {
  const [row] = await tx.query<RolloutRow[]>(`SELECT * FROM rotation.rollout WHERE policy = $1 FOR UPDATE`, [policy.name]);
  if (row === undefined || row.state === 'stopped' || row.version !== order.policy_version || row.version !== policy.version) return;
  const { stopOn } = rolloutOf(policy);
  const failures = await failuresOf(tx, policy.name, row, nowMs);
  const foretold = order.foretold_items === null || order.foretold_bytes === null ? null : { items: Number(order.foretold_items), bytes: Number(order.foretold_bytes) };
  const expectation: Expectation = { foretold, medianItemMs: await medianItemMs(tx, policy.name, receipt.order), stopOn };
  const surprise = failures > stopOn.failures ? `${failures} ${failures === 1 ? 'order' : 'orders'} did not end well; the policy permits ${stopOn.failures}` : surpriseOf(receipt, expectation);
  if (surprise !== null) await rollouts.stop(tx, policy.name, surprise, nowMs);
}
