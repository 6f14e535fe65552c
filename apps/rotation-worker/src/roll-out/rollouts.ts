import { randomUUID } from 'node:crypto';
import type { BundleRule, Labels } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { FleetKeyring } from '@mailwarden/messaging';
import { rolloutOf, waveOf, type Policy, type RetentionPolicy } from '@mailwarden/policy';
import type { DataSource, EntityManager } from 'typeorm';
import { attest, raise } from '../raise.js';

export interface RolloutRow {
  readonly policy: string;
  readonly version: string;
  readonly wave: number;
  readonly state: 'running' | 'soaking' | 'stopped' | 'complete';
  readonly since: Date;
  readonly next_at: Date | null;
  readonly reason: string;
  readonly revision: string;
  /** When a person last let this version go on; null where nobody had to. */
  readonly resumed_at: Date | null;
}

/** How an order may have ended so that people look first. */
export const TROUBLE = ['refused', 'stopped', 'failed', 'nothing-to-do'];
/** Hosts that are tried in the moment in which a person lets a policy go on; more of them wait for their next observation. */
const TRIED_AT_ONCE_MAX = 200;

/** What a rule found on a server of its rollout. */
export interface Reached {
  readonly rule: BundleRule;
  readonly isOver: boolean;
}

const actsByItself = (policy: Policy): policy is RetentionPolicy => policy.kind === 'retention' && policy.mode !== 'observe';
const hasCome = (row: Pick<RolloutRow, 'state' | 'wave'>, wave: number | null): boolean => wave !== null && row.state !== 'stopped' && (row.state === 'complete' || wave <= row.wave);

/** How far each policy has come through its waves. What is kept in memory is a few seconds old at most; whoever acts asks the table again. */
export class Rollouts {
  #rows: ReadonlyMap<string, RolloutRow> = new Map();
  #mark = '';

  constructor(
    private readonly dataSource: DataSource,
    private readonly keyring: FleetKeyring,
  ) {}

  /** Changes whenever a rollout does. */
  get mark(): string {
    return this.#mark;
  }
  rows(): RolloutRow[] {
    return [...this.#rows.values()];
  }

  /**
   * Begins the rollout of what is new or changed, forgets that of what is gone, and learns how all stand.
   * Safety: while `isWhole` is not true, a policy that is missing may only be unreadable, and nothing of it is forgotten.
   */
  async follow(policies: readonly Policy[], isWhole: boolean): Promise<void> {
    const acting = policies.filter(actsByItself);
    const changed = acting.filter(({ name, version }) => this.#rows.get(name)?.version !== version);
    for (const policy of changed) await this.#begin(policy);
    const gone = isWhole ? [...this.#rows.keys()].filter((name) => !acting.some((policy) => policy.name === name)) : [];
    if (gone.length > 0) await this.dataSource.query(`DELETE FROM rotation.rollout WHERE policy = ANY($1)`, [gone]);
    const rows = await this.dataSource.query<RolloutRow[]>(`SELECT * FROM rotation.rollout`);
    this.#rows = new Map(rows.map((row) => [row.policy, row]));
    this.#mark = rows.map(({ policy, version, revision }) => `${policy} ${version} ${revision}`).sort().join(',');
  }

  /** A policy without waves of its own has come everywhere from the start; surprises stop it all the same. A version that stood still when it was last seen stands still again, where it stood. */
  async #begin(policy: RetentionPolicy): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO rotation.rollout (policy, version, wave, state, since, reason)
       SELECT given.policy, given.version, coalesce(still.wave, 0), CASE WHEN still.policy IS NULL THEN given.state ELSE 'stopped' END, now(), coalesce(still.reason, '')
       FROM (VALUES ($1::text, $2::text, $3::text)) AS given (policy, version, state) LEFT JOIN rotation.standstill AS still USING (policy, version)
       ON CONFLICT (policy) DO UPDATE SET version = excluded.version, wave = excluded.wave, state = excluded.state, since = excluded.since, next_at = NULL, reason = excluded.reason, resumed_at = NULL, revision = rollout.revision + 1 WHERE rollout.version <> excluded.version`,
      [policy.name, policy.version, policy.rollout === null ? 'complete' : 'running'],
    );
  }

  waveOf(policy: RetentionPolicy, server: string): number | null {
    return waveOf(policy, server, this.keyring.labelsOf(server) ?? {});
  }

  /** Whether a policy acts on a server, as far as this instance knows. */
  hasReached(policy: RetentionPolicy, server: string, labels: Labels): boolean {
    const row = this.#rows.get(policy.name);
    return row !== undefined && row.version === policy.version && hasCome(row, waveOf(policy, server, labels));
  }

  /** The same by the table, as the rollout that has come; null where it has not. Nobody stops the policy before the running transaction ends. */
  async permitting(tx: EntityManager, policy: RetentionPolicy, server: string): Promise<RolloutRow | null> {
    const [row] = await tx.query<RolloutRow[]>(`SELECT * FROM rotation.rollout WHERE policy = $1 FOR SHARE`, [policy.name]);
    return row !== undefined && row.version === policy.version && hasCome(row, this.waveOf(policy, server)) ? row : null;
  }

  /** Notes for rollouts under way which servers were heard of, and which have something to do. Costs nothing where none is under way. */
  async note(tx: EntityManager, server: string, found: readonly Reached[], policyOf: (name: string) => RetentionPolicy | undefined, nowMs: number): Promise<void> {
    for (const [name, row] of this.#rows) {
      if (row.state !== 'running' && row.state !== 'soaking') continue;
      const policy = policyOf(name);
      const mine = found.filter(({ rule }) => rule.policy === name);
      if (policy === undefined || mine.length === 0 || policy.version !== row.version) continue;
      const wave = this.waveOf(policy, server);
      if (wave === null || wave > row.wave) continue;
      await tx.query(
        `INSERT INTO rotation.reach AS was (policy, version, server, wave, state, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (policy, server) DO UPDATE SET version = excluded.version, wave = excluded.wave, state = excluded.state, at = excluded.at
         WHERE was.version <> excluded.version OR was.wave <> excluded.wave OR (was.state = 'waiting' AND excluded.state = 'done')`,
        [name, row.version, server, wave, mine.some(({ isOver }) => isOver) ? 'waiting' : 'done', instantOf(nowMs)],
      );
    }
  }

  /** Notes how a server's order ended, while the rollout that it belongs to is under way. */
  async ended(tx: EntityManager, policy: RetentionPolicy, server: string, state: 'done' | 'failed', atMs: number): Promise<void> {
    await tx.query(
      `INSERT INTO rotation.reach AS was (policy, version, server, wave, state, at) SELECT policy, version, $3, $4, $5, $6 FROM rotation.rollout WHERE policy = $1 AND version = $2 AND state <> 'complete'
       ON CONFLICT (policy, server) DO UPDATE SET version = excluded.version, wave = excluded.wave, state = excluded.state, at = excluded.at WHERE was.version <> excluded.version OR was.state <> 'done'`,
      [policy.name, policy.version, server, this.waveOf(policy, server) ?? 0, state, instantOf(atMs)],
    );
  }

  /** Nothing more is ordered by the policy anywhere until a person resumes it. False when it stood still already. */
  async stop(tx: EntityManager, policy: string, reason: string, nowMs: number, by: string | null = null): Promise<boolean> {
    const [rows] = await tx.query<[{ version: string; wave: number; revision: string }[], number]>(`UPDATE rotation.rollout SET state = 'stopped', next_at = NULL, reason = $2, revision = revision + 1 WHERE policy = $1 AND state <> 'stopped' RETURNING version, wave, revision`, [policy, reason.slice(0, 500)]);
    const [row] = rows;
    if (row === undefined) return false;
    await tx.query(`INSERT INTO rotation.standstill (policy, version, wave, reason) VALUES ($1, $2, $3, $4) ON CONFLICT (policy, version) DO UPDATE SET wave = excluded.wave, reason = excluded.reason`, [policy, row.version, row.wave, reason.slice(0, 500)]);
    await raise(tx, 'rollout.stopped', { id: `rollout-stopped-${randomUUID()}`, server: 'fleet', severity: 'high', atMs: nowMs, detail: { policy, wave: row.wave, reason: reason.slice(0, 500) } });
    await attest(tx, { kind: 'operator-action', id: `rollout-stopped-${policy}-${row.revision}`, atMs: nowMs, document: { policy, reason, by }, facts: { policy, action: 'rollout-stopped', wave: row.wave } });
    return true;
  }

  /** Goes on where it stopped: what failed is tried again without a pause, since a person looked, and what surprised before counts no more. */
  async resume(tx: EntityManager, policy: RetentionPolicy, nowMs: number, by: string): Promise<boolean> {
    const state = policy.rollout === null ? 'complete' : 'running';
    const [rows] = await tx.query<[{ version: string; wave: number; revision: string }[], number]>(`UPDATE rotation.rollout SET state = $2, since = $3, resumed_at = $3, next_at = NULL, reason = '', revision = revision + 1 WHERE policy = $1 AND state = 'stopped' RETURNING version, wave, revision`, [policy.name, state, instantOf(nowMs)]);
    const [row] = rows;
    if (row === undefined) return false;
    await tx.query(`DELETE FROM rotation.standstill WHERE policy = $1 AND version = $2`, [policy.name, row.version]);
    await tx.query(`UPDATE rotation.reach SET state = 'waiting', at = $2 WHERE policy = $1 AND state = 'failed'`, [policy.name, instantOf(nowMs)]);
    await raise(tx, 'rollout.resumed', { id: `rollout-resumed-${randomUUID()}`, server: 'fleet', severity: 'info', atMs: nowMs, detail: { policy: policy.name, wave: row.wave } });
    await attest(tx, { kind: 'operator-action', id: `rollout-resumed-${policy.name}-${row.revision}`, atMs: nowMs, document: { policy: policy.name, by }, facts: { policy: policy.name, action: 'rollout-resumed', wave: row.wave } });
    return true;
  }

  /** Hosts on which an order of the policy had ended in trouble not long before a person let it go on, the latest first. */
  toTryAgain(policy: string, sinceMs: number): Promise<{ server: string; profile: string }[]> {
    return this.dataSource.query(
      `SELECT server, profile FROM rotation.rotation_order WHERE policy = $1 AND purpose <> 'plan' AND state = ANY($2) AND closed_at > $3 GROUP BY server, profile ORDER BY max(closed_at) DESC LIMIT ${TRIED_AT_ONCE_MAX}`,
      [policy, TROUBLE, instantOf(sinceMs)],
    );
  }

  /** Servers that each wave takes in. */
  waveSizes(policy: RetentionPolicy, selected: (labels: Labels) => boolean): number[] {
    const sizes = rolloutOf(policy).waves.map(() => 0);
    for (const { server, labels } of this.keyring.members()) {
      const wave = selected({ ...labels, name: server }) ? waveOf(policy, server, labels) : null;
      if (wave !== null) sizes[wave] = (sizes[wave] ?? 0) + 1;
    }
    return sizes;
  }
}
