import { SIGNING_CONTEXTS, type Membership } from '@mailwarden/contracts';
import { canonicalJson, sha256, signDocument, type Instant, type SignedDocument, type Signer } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { LedgerBook } from '../append-evidence/ledger-book.js';
import { instantFrom } from '../schema/instants.js';
import type { EnrolledServer } from './fleet-file.js';

interface ServerRow {
  readonly name: Membership['server'];
  readonly labels: Membership['labels'];
  readonly profiles: Membership['profiles'];
  readonly agent_key: string;
  readonly executor_key: string;
  readonly status: Membership['status'];
  readonly since: Date;
}

const membershipFrom = (row: ServerRow): Membership => ({
  schema: 'mailwarden/membership/v1',
  server: row.name,
  labels: row.labels,
  profiles: row.profiles,
  agentKey: row.agent_key,
  executorKey: row.executor_key,
  status: row.status,
  since: instantFrom(row.since),
});

const UPSERT = `
  INSERT INTO reporting.server (name, labels, profiles, agent_key, executor_key, status, since) VALUES ($1, $2, $3, $4, $5, 'active', $6)
  ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, profiles = excluded.profiles, agent_key = excluded.agent_key, executor_key = excluded.executor_key, status = 'active', since = excluded.since
  WHERE (server.labels, server.profiles, server.agent_key, server.executor_key, server.status) IS DISTINCT FROM (excluded.labels, excluded.profiles, excluded.agent_key, excluded.executor_key, 'active')
  RETURNING name, labels, profiles, agent_key, executor_key, status, since`;

/** Which servers are in the fleet, and the keys that their word is checked by. */
export class FleetRegister {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ledger: LedgerBook,
    private readonly signer: Signer,
  ) {}

  /** Takes up servers that are new or changed, with a ledger entry for each, and returns how many they were. */
  async enrol(servers: readonly EnrolledServer[], now: Instant): Promise<number> {
    return this.dataSource.transaction(async (tx) => {
      let changed = 0;
      for (const server of servers) changed += await this.#enrolOne(tx, server, now);
      return changed;
    });
  }

  /** The membership of every server, signed. */
  async memberships(): Promise<SignedDocument<Membership>[]> {
    const rows = await this.dataSource.query<ServerRow[]>(`SELECT name, labels, profiles, agent_key, executor_key, status, since FROM reporting.server ORDER BY name`);
    return rows.map((row) => signDocument(this.signer, SIGNING_CONTEXTS.membership, membershipFrom(row)));
  }

  async #enrolOne(tx: EntityManager, { server, labels, profiles, agentKey, executorKey }: EnrolledServer, now: Instant): Promise<number> {
    const [row] = await tx.query<ServerRow[]>(UPSERT, [server, JSON.stringify(labels), JSON.stringify(profiles), agentKey, executorKey, now]);
    if (row === undefined) return 0;
    const document = signDocument(this.signer, SIGNING_CONTEXTS.membership, membershipFrom(row));
    await this.ledger.append(tx, {
      kind: 'membership',
      reference: server,
      at: now,
      document: {
        schema: 'mailwarden/evidence/v1',
        kind: 'membership',
        id: server,
        service: 'reporting',
        at: now,
        documentSha256: sha256(canonicalJson(document)),
        facts: { status: row.status, agentkey: agentKey, executorkey: executorKey },
      },
    });
    return 1;
  }
}
