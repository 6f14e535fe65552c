import { instantOf } from '@mailwarden/kernel';
import { selects, rolloutOf, type RetentionPolicy } from '@mailwarden/policy';
import { rolloutStep } from '@mailwarden/rotation';
import type { EntityManager } from 'typeorm';
import type { PolicyShelf } from '../apply-policy/policy-shelf.js';
import { raise } from '../raise.js';
import type { RolloutRow, Rollouts } from './rollouts.js';

interface WaveCounts {
  readonly heard: string;
  readonly waiting: string;
  readonly failed: string;
  readonly last_done: Date | null;
}

/** Moves rollouts on: from a wave that went well, through its soaking, to the next. */
export class RolloutClerk {
  constructor(
    private readonly rollouts: Rollouts,
    private readonly shelf: PolicyShelf,
  ) {}

  async step(tx: EntityManager, nowMs: number): Promise<void> {
    const rows = await tx.query<RolloutRow[]>(`SELECT * FROM rotation.rollout WHERE state IN ('running', 'soaking') FOR UPDATE SKIP LOCKED`);
    for (const row of rows) {
      const policy = this.shelf.retention(row.policy);
      if (policy !== undefined && policy.version === row.version) await this.#stepOne(tx, row, policy, nowMs);
    }
  }

  async #stepOne(tx: EntityManager, row: RolloutRow, policy: RetentionPolicy, nowMs: number): Promise<void> {
    const { waves, soakSeconds } = rolloutOf(policy);
    const [counts] = await tx.query<WaveCounts[]>(
      `SELECT count(*) FILTER (WHERE wave = $3) AS heard, count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'failed') AS failed, max(at) FILTER (WHERE wave = $3) AS last_done
       FROM rotation.reach WHERE policy = $1 AND version = $2 AND wave <= $3`,
      [row.policy, row.version, row.wave],
    );
    const sizes = this.rollouts.waveSizes(policy, (labels) => selects(policy.servers, labels));
    const step = rolloutStep({ wave: row.wave, waves: waves.length, sinceMs: row.since.getTime(), soakMs: soakSeconds * 1000, servers: sizes[row.wave] ?? 0, heard: Number(counts?.heard ?? 0), waiting: Number(counts?.waiting ?? 0), failed: Number(counts?.failed ?? 0), lastDoneMs: counts?.last_done?.getTime() ?? null }, nowMs);
    if (step.kind === 'wait') await this.#set(tx, row, { state: 'running', nextAtMs: null });
    else if (step.kind === 'soak') await this.#set(tx, row, { state: 'soaking', nextAtMs: step.untilMs });
    else await this.#advance(tx, row, waves.length, step.kind === 'complete', nowMs);
  }

  async #set(tx: EntityManager, row: RolloutRow, to: { state: string; nextAtMs: number | null }): Promise<void> {
    if (row.state === to.state && (row.next_at?.getTime() ?? null) === to.nextAtMs) return;
    await tx.query(`UPDATE rotation.rollout SET state = $2, next_at = $3 WHERE policy = $1`, [row.policy, to.state, to.nextAtMs === null ? null : instantOf(to.nextAtMs)]);
  }

  async #advance(tx: EntityManager, row: RolloutRow, waves: number, isComplete: boolean, nowMs: number): Promise<void> {
    const wave = isComplete ? row.wave : row.wave + 1;
    await tx.query(`UPDATE rotation.rollout SET wave = $2, state = $3, since = $4, next_at = NULL, revision = revision + 1 WHERE policy = $1`, [row.policy, wave, isComplete ? 'complete' : 'running', instantOf(nowMs)]);
    await raise(tx, 'rollout.advanced', { id: `rollout-${row.policy}-${row.version.slice(0, 16)}-${isComplete ? waves : wave}-${row.revision}`, server: 'fleet', severity: 'info', atMs: nowMs, detail: { policy: row.policy, wave: isComplete ? waves : wave, waves } });
  }
}
