import type { PolicyOverview } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { BundlePress } from './bundle-press.js';
import type { PolicyShelf } from './policy-shelf.js';

/** The policies that stand, with how many servers each takes in, and what cannot be used. */
export async function policyOverviewOf(dataSource: DataSource, shelf: PolicyShelf, press: BundlePress): Promise<PolicyOverview> {
  const policies = shelf.policies();
  await dataSource.query(
    `INSERT INTO rotation.policy (name, version, active_since) SELECT name, version, now() FROM unnest($1::text[], $2::text[]) AS given (name, version)
     ON CONFLICT (name) DO UPDATE SET version = excluded.version, active_since = now() WHERE policy.version <> excluded.version`,
    [policies.map(({ name }) => name), policies.map(({ version }) => version)],
  );
  const rows = await dataSource.query<{ name: string; active_since: Date }[]>(`SELECT name, active_since FROM rotation.policy`);
  const since = new Map(rows.map((row) => [row.name, row.active_since]));
  const servers = press.serversByPolicy();
  return {
    policies: policies.map((policy) => ({
      name: policy.name,
      version: policy.version,
      kind: policy.kind,
      mode: policy.kind === 'retention' || policy.kind === 'access' ? policy.mode : 'observe',
      reason: policy.reason,
      activeSince: instantOf((policy.since ?? since.get(policy.name) ?? new Date()).getTime()),
      servers: servers.get(policy.name) ?? 0,
      text: policy.text,
      origin: policy.origin,
    })),
    problems: [...shelf.problems(), ...press.problems()],
  };
}
