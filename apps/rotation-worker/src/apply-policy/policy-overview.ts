import type { PolicyOverview } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { BundlePress } from './bundle-press.js';

/** The policies that stand, with how many servers each takes in, and the files that cannot be used. */
export async function policyOverviewOf(dataSource: DataSource, press: BundlePress): Promise<PolicyOverview> {
  const { policies, problems } = press.folder();
  for (const { name, version } of policies) {
    await dataSource.query(`INSERT INTO rotation.policy (name, version, active_since) VALUES ($1, $2, now()) ON CONFLICT (name) DO UPDATE SET version = excluded.version, active_since = now() WHERE policy.version <> excluded.version`, [name, version]);
  }
  const rows = await dataSource.query<{ name: string; active_since: Date }[]>(`SELECT name, active_since FROM rotation.policy`);
  const since = new Map(rows.map((row) => [row.name, row.active_since]));
  return {
    policies: policies.map((policy) => ({ name: policy.name, version: policy.version, kind: policy.kind, mode: policy.kind === 'retention' ? policy.mode : 'observe', reason: policy.reason, activeSince: instantOf((since.get(policy.name) ?? new Date()).getTime()), servers: press.serversOf(policy), text: policy.text, origin: 'file' as const })),
    problems: [...problems],
  };
}
