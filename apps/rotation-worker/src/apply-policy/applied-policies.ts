import type { PolicyHistory } from '@mailwarden/contracts';
import { instantOf, type Sha256 } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';

const HISTORY_ROWS_MAX = 200;

export interface AppliedRow {
  readonly position: string;
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly text: string;
  readonly at: Date;
  readonly by_whom: string;
  readonly reason: string;
  readonly withdrawn: boolean;
}

/** One change of one policy; a withdrawal keeps the text that it ends. Nothing is ever changed or removed. */
export interface PolicyChange {
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly text: string;
  readonly withdrawn: boolean;
}

/** The newest row of every name. */
export const newestApplied = (from: DataSource | EntityManager): Promise<AppliedRow[]> => from.query<AppliedRow[]>(`SELECT DISTINCT ON (name) * FROM rotation.applied_policy ORDER BY name, position DESC`);

export async function appendChange(tx: EntityManager, change: PolicyChange, by: string, reason: string, atMs: number): Promise<number> {
  const [row] = await tx.query<{ position: string }[]>(`INSERT INTO rotation.applied_policy (name, kind, version, text, at, by_whom, reason, withdrawn) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING position`, [change.name, change.kind, change.version, change.text, instantOf(atMs), by, reason, change.withdrawn]);
  return Number(row?.position);
}

/** Versions of one policy, the newest first. */
export async function historyOf(dataSource: DataSource, policy: string): Promise<PolicyHistory> {
  const rows = await dataSource.query<AppliedRow[]>(`SELECT * FROM rotation.applied_policy WHERE name = $1 ORDER BY position DESC LIMIT ${HISTORY_ROWS_MAX}`, [policy]);
  return { versions: rows.map((row) => ({ version: row.version as Sha256, text: row.text, at: instantOf(row.at.getTime()), by: row.by_whom, reason: row.reason, withdrawn: row.withdrawn })) };
}
