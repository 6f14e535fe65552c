import { BUS_KEYS_MAX, SIGNING_CONTEXTS, type Membership, type REMOVAL_CAUSES, type SignedMembership } from '@mailwarden/contracts';
import { canonicalJson, sha256, signDocument, type Instant, type Signer } from '@mailwarden/kernel';
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
  readonly bus_keys: readonly string[];
  readonly shut_out_keys: readonly string[];
}

const COLUMNS = 'name, labels, profiles, agent_key, executor_key, status, since, bus_keys, shut_out_keys';
/** Keys of an agent that the bus lets in at a time: its own, and the one before, which it still has where an answer was lost. */
const KEYS_AT_ONCE = 2;

const membershipFrom = (row: ServerRow): Membership => ({
  schema: 'mailwarden/membership/v1',
  server: row.name,
  labels: row.labels,
  profiles: row.profiles,
  agentKey: row.agent_key,
  executorKey: row.executor_key,
  status: row.status,
  since: instantFrom(row.since),
  ...(row.bus_keys.length + row.shut_out_keys.length === 0 ? {} : { bus: { keys: [...row.bus_keys], revoked: row.shut_out_keys.slice(-BUS_KEYS_MAX) } }),
});

/** Safety: a server that was taken out stays out, for as long as the fleet file names it by the same key. */
const FROM_FILE = `
  INSERT INTO reporting.server (name, labels, profiles, agent_key, executor_key, status, since) VALUES ($1, $2, $3, $4, $5, 'active', $6)
  ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, profiles = excluded.profiles, agent_key = excluded.agent_key, executor_key = excluded.executor_key, status = 'active', since = excluded.since
  WHERE (server.labels, server.profiles, server.agent_key, server.executor_key, server.status) IS DISTINCT FROM (excluded.labels, excluded.profiles, excluded.agent_key, excluded.executor_key, 'active')
    AND NOT (server.status = 'revoked' AND server.agent_key = excluded.agent_key)
  RETURNING ${COLUMNS}`;

/** What it was let in by before is shut out; it begins anew, as an agent that was never heard. */
const BY_TOKEN = `
  INSERT INTO reporting.server (name, labels, profiles, agent_key, executor_key, status, since, bus_keys) VALUES ($1, $2, $3, $4, $5, 'active', $6, jsonb_build_array($7::text))
  ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, profiles = excluded.profiles, agent_key = excluded.agent_key, executor_key = excluded.executor_key, status = 'active', since = excluded.since,
    bus_keys = excluded.bus_keys, shut_out_keys = server.shut_out_keys || server.bus_keys, agent_state = 'never', heartbeat = NULL, ended_cause = NULL, ended_reason = NULL
  RETURNING ${COLUMNS}`;

const RENEW = `
  UPDATE reporting.server SET bus_keys = (SELECT jsonb_agg(key) FROM (SELECT key FROM jsonb_array_elements(jsonb_build_array($2::text) || (bus_keys - $2::text)) WITH ORDINALITY AS k(key, place) ORDER BY place LIMIT ${KEYS_AT_ONCE}) kept),
    shut_out_keys = shut_out_keys || coalesce((SELECT jsonb_agg(key) FROM (SELECT key FROM jsonb_array_elements(jsonb_build_array($2::text) || (bus_keys - $2::text)) WITH ORDINALITY AS k(key, place) ORDER BY place OFFSET ${KEYS_AT_ONCE}) old), '[]'),
    renewed_at = $3
  WHERE name = $1 AND status = 'active' RETURNING ${COLUMNS}`;

const REMOVE = `
  UPDATE reporting.server SET status = 'revoked', since = $2, shut_out_keys = shut_out_keys || bus_keys, bus_keys = '[]', agent_state = 'never', ended_cause = $3, ended_reason = $4
  WHERE name = $1 AND status = 'active' RETURNING ${COLUMNS}`;

/** A server as a token lets it in. */
export interface AdmittedServer extends EnrolledServer {
  readonly busKey: string;
}

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

  /** Takes in one server that has enrolled by a token, or puts it in the place of the one that had its name. */
  async admit(tx: EntityManager, { server, labels, profiles, agentKey, executorKey, busKey }: AdmittedServer, token: string, now: Instant): Promise<SignedMembership> {
    const [row] = await tx.query<ServerRow[]>(BY_TOKEN, [server, JSON.stringify(labels), JSON.stringify(profiles), agentKey, executorKey, now, busKey]);
    return this.#record(tx, row as ServerRow, now, { token });
  }

  /** Lets the agent of a server in by a new key. Null where the server is not in the fleet. */
  async renew(tx: EntityManager, server: string, busKey: string, now: Instant): Promise<SignedMembership | null> {
    const [[row]] = await tx.query<[ServerRow[], number]>(RENEW, [server, busKey, now]);
    return row === undefined ? null : this.#record(tx, row, now, { cause: 'renewed' });
  }

  /** Takes a server out. What is known of it stays; its keys count no more. Null where it is not in the fleet. */
  async remove(tx: EntityManager, server: string, { cause, reason }: { readonly cause: (typeof REMOVAL_CAUSES)[number]; readonly reason: string }, now: Instant): Promise<SignedMembership | null> {
    const [[row]] = await tx.query<[ServerRow[], number]>(REMOVE, [server, now, cause, reason]);
    return row === undefined ? null : this.#record(tx, row, now, { cause });
  }

  /** The membership of every server, signed. */
  async memberships(): Promise<SignedMembership[]> {
    const rows = await this.dataSource.query<ServerRow[]>(`SELECT ${COLUMNS} FROM reporting.server ORDER BY name`);
    return rows.map((row) => this.#signed(row));
  }

  /** One server's membership, signed; null where nobody has the name. */
  async membershipOf(server: string): Promise<SignedMembership | null> {
    const [row] = await this.dataSource.query<ServerRow[]>(`SELECT ${COLUMNS} FROM reporting.server WHERE name = $1`, [server]);
    return row === undefined ? null : this.#signed(row);
  }

  async #enrolOne(tx: EntityManager, { server, labels, profiles, agentKey, executorKey }: EnrolledServer, now: Instant): Promise<number> {
    const [row] = await tx.query<ServerRow[]>(FROM_FILE, [server, JSON.stringify(labels), JSON.stringify(profiles), agentKey, executorKey, now]);
    if (row === undefined) return 0;
    await this.#record(tx, row, now, {});
    return 1;
  }

  #signed = (row: ServerRow): SignedMembership => signDocument(this.signer, SIGNING_CONTEXTS.membership, membershipFrom(row));

  async #record(tx: EntityManager, row: ServerRow, now: Instant, more: Readonly<Record<string, string>>): Promise<SignedMembership> {
    const document = this.#signed(row);
    await this.ledger.append(tx, {
      kind: 'membership',
      reference: row.name,
      at: now,
      document: {
        schema: 'mailwarden/evidence/v1',
        kind: 'membership',
        id: row.name,
        service: 'reporting',
        at: now,
        documentSha256: sha256(canonicalJson(document)),
        facts: { status: row.status, agentkey: row.agent_key, executorkey: row.executor_key, ...more },
      },
    });
    return document;
  }
}
