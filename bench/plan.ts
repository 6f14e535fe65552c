import type { Membership, PolicyPlan } from '@mailwarden/contracts';
import { loadProfiles } from '@mailwarden/config';
import { instantOf, type ProfileId, type ServerName } from '@mailwarden/kernel';
import { openDataSource } from '@mailwarden/persistence';
import { parsePolicies } from '@mailwarden/policy';
import { startPostgres } from '@mailwarden/testing';
import type { DataSource } from 'typeorm';
import { FleetPlan } from '../apps/rotation-worker/dist/foretell-fleet/fleet-plan.js';
import { packSpreads } from '../apps/rotation-worker/dist/foretell-fleet/packed-spread.js';
import { CreateFleet1764000000005 } from '../apps/rotation-worker/dist/schema/create-fleet.migration.js';
import { CreateRotation1764000000003 } from '../apps/rotation-worker/dist/schema/create-rotation.migration.js';
import { reportValues, type Value } from './compare.ts';

const SERVERS = 100_000;
const STORES = 20;
const ROUNDS = 5;
/** No statement runs longer than a service's may. */
const FILL_SERVERS = 10_000;
const PROFILES = ['kaspersky-klms-8', 'postfix', 'dovecot'] as ProfileId[];
const DAY_MS = 86_400_000;
const ROWS = 50;

const policy = (name: string, stores: readonly string[], limits: string): string => `schema: mailwarden/policy/v1\nkind: retention\nname: ${name}\nreason: Storage limitation\nmode: enforce\nlimits: ${limits}\nstores: [ ${stores.map((store) => `"*/${store}"`).join(', ')} ]\n`;

/** Every store of every server, in the order in which observations would have left it: a third of them above 1 GiB, one in twenty older than 90 days, ages and sizes by class. */
async function fill(dataSource: DataSource, stores: readonly (readonly [string, string])[], nowMs: number): Promise<void> {
  const spread = packSpreads({ items: [10, 400, 2000, 8000, 6000, 3590, 0], bytes: [500_000, 20_000_000, 100_000_000, 400_000_000, 300_000_000, 179_500_000, 0] }, { items: [10_000, 8_000, 1_500, 490, 10, 0], bytes: [40_000_000, 300_000_000, 360_000_000, 200_000_000, 100_000_000, 0] });
  for (let from = 0; from < SERVERS; from += FILL_SERVERS) {
    await dataSource.query(
      `INSERT INTO rotation.store_state (server, profile, store, measured_ms, items, records, bytes, oldest_ms, newest_ms, room_total, room_free, spread)
       SELECT 'mx-' || n, profile, store, $3::bigint, 20000, NULL, (1 + (n + place) % 3) * 500000000::bigint, $3::bigint - (CASE WHEN (n + place) % 20 = 0 THEN 120 ELSE 60 END) * ${DAY_MS}::bigint, $3::bigint, 100000000000, 40000000000, $4
       FROM generate_series($5::int, $6::int) AS n, unnest($1::text[], $2::text[]) WITH ORDINALITY AS declared (profile, store, place)`,
      [stores.map(([profile]) => profile), stores.map(([, store]) => store), nowMs, spread, from + 1, from + FILL_SERVERS],
    );
  }
  await dataSource.query(`VACUUM (ANALYZE) rotation.store_state`);
}

const members = (): Membership[] => Array.from({ length: SERVERS }, (_, index) => ({ schema: 'mailwarden/membership/v1', server: `mx-${index + 1}` as ServerName, labels: { role: 'mx', site: `site-${index % 50}` }, profiles: PROFILES, agentKey: '', executorKey: '', status: 'active', since: instantOf(0) }));

async function timed(name: string, plan: () => Promise<PolicyPlan>): Promise<Value> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = process.hrtime.bigint();
    const { totals, mistakes } = await plan();
    times.push(Number(process.hrtime.bigint() - startedAt) / 1e9);
    if (mistakes.length > 0 || totals.some(({ servers, wouldDelete }) => servers !== SERVERS || wouldDelete.stores === 0)) throw new Error(`${name} did not plan for the whole fleet: ${JSON.stringify([mistakes, totals])}`);
  }
  return { name, value: times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0, unit: 's' };
}

/** What policies would delete in a fleet of 100 000 servers with 20 stores each, by what is recorded of them. */
export async function benchPlan(): Promise<void> {
  const postgres = await startPostgres();
  try {
    const dataSource = await openDataSource({ url: postgres.url, passwordFile: postgres.passwordFile, schema: 'rotation', entities: [], migrations: [CreateRotation1764000000003, CreateFleet1764000000005] });
    const profiles = await loadProfiles({});
    const stores = PROFILES.flatMap((id) => (profiles.get(id)?.stores ?? []).map((store) => [id, store.id] as const)).slice(0, STORES);
    const nowMs = Date.now();
    await fill(dataSource, stores, nowMs);
    const fleet = members();
    const cap = policy('backup-cap', ['backup'], '{ bytes: 1 GiB }');
    const aged = policy('ninety-days', [...new Set(stores.map(([, store]) => store))], '{ age: 90 days }');
    const held = `schema: mailwarden/policy/v1\nkind: hold\nname: case-7\nreason: Open case\nservers: { site: site-7 }\nstores: [ "*" ]\n`;
    const planOf = (...documents: string[]): (() => Promise<PolicyPlan>) => {
      const standing = documents.flatMap((text) => {
        const parsed = parsePolicies(text);
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
        return parsed.value;
      });
      const plan = new FleetPlan({ dataSource, profiles, members: () => fleet, standing: () => standing });
      return () => plan.plan({ documents: null, policy: null, server: null, rows: ROWS }, nowMs);
    };
    const values = [await timed('a cap on one store of each server, a third above it', planOf(cap, held)), await timed(`an age on ${stores.length} stores of each server, one in twenty above it`, planOf(aged, held)), await timed('both', planOf(cap, aged, held))];
    reportValues('plan', `what policies would delete on ${SERVERS} servers with ${stores.length} stores each, from recorded state`, 'under 5 s', values);
    await dataSource.destroy();
  } finally {
    await postgres.stop();
  }
}
