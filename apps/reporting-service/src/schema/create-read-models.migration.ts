import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first form of the read models, the ledger and the operators' sessions. */
export class CreateReadModels1764000000001 implements MigrationInterface {
  readonly name = 'CreateReadModels1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...READ_MODELS, ...LEDGER, ...OPERATORS]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...TABLES].reverse()) await runner.query(`DROP TABLE IF EXISTS reporting.${table} CASCADE`);
  }
}

const TABLES = [
  'server', 'observation', 'store_history', 'finding', 'finding_history', 'rotation_order', 'rotation_receipt', 'rotation_proof',
  'event', 'attestation', 'ledger_entry', 'ledger_node', 'ledger_head', 'checkpoint', 'operator', 'session',
];

const READ_MODELS = [
  `CREATE TABLE reporting.server (
    name text PRIMARY KEY,
    labels jsonb NOT NULL,
    profiles jsonb NOT NULL,
    agent_key text NOT NULL,
    executor_key text NOT NULL,
    status text NOT NULL,
    since timestamptz NOT NULL,
    product text NOT NULL DEFAULT '',
    agent_state text NOT NULL DEFAULT 'never' CHECK (agent_state IN ('never', 'live', 'silent')),
    last_seen_at timestamptz,
    last_observed_at timestamptz,
    heartbeat jsonb,
    open_findings jsonb NOT NULL DEFAULT '{}',
    stores_over_limit integer NOT NULL DEFAULT 0,
    bytes_stored bigint NOT NULL DEFAULT 0
  )`,
  `CREATE TABLE reporting.observation (
    server text NOT NULL REFERENCES reporting.server,
    profile text NOT NULL,
    sequence bigint NOT NULL,
    started_at timestamptz NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (server, profile)
  )`,
  `CREATE TABLE reporting.store_history (
    server text NOT NULL,
    profile text NOT NULL,
    store text NOT NULL,
    at timestamptz NOT NULL,
    items bigint,
    bytes_apparent bigint,
    bytes_allocated bigint,
    records bigint,
    oldest_at timestamptz,
    PRIMARY KEY (server, profile, store, at)
  )`,
  `CREATE TABLE reporting.finding (
    id uuid PRIMARY KEY,
    server text NOT NULL REFERENCES reporting.server,
    origin text NOT NULL,
    profile text,
    store text,
    code text NOT NULL,
    subject text NOT NULL,
    severity text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'resolved', 'accepted')),
    message text NOT NULL,
    advice text NOT NULL,
    source text NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    resolved_at timestamptz
  )`,
  `CREATE INDEX finding_by_time ON reporting.finding (updated_at DESC, id DESC)`,
  `CREATE INDEX finding_of_server ON reporting.finding (server, origin)`,
  `CREATE INDEX finding_open ON reporting.finding (code, severity) WHERE state = 'open'`,
  `CREATE TABLE reporting.finding_history (
    finding uuid NOT NULL REFERENCES reporting.finding ON DELETE CASCADE,
    position bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    what text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (finding, position)
  )`,
  `CREATE TABLE reporting.rotation_order (
    id uuid PRIMARY KEY,
    server text NOT NULL,
    store text NOT NULL,
    ordered_at timestamptz NOT NULL,
    document jsonb NOT NULL
  )`,
  `CREATE INDEX rotation_order_by_time ON reporting.rotation_order (ordered_at DESC, id DESC)`,
  `CREATE INDEX rotation_order_of_store ON reporting.rotation_order (server, store, ordered_at DESC)`,
  // Receipts and proofs may come before their order; they meet when they are read.
  `CREATE TABLE reporting.rotation_receipt (
    order_id uuid PRIMARY KEY,
    server text NOT NULL,
    received_at timestamptz NOT NULL,
    signature_holds boolean NOT NULL,
    leaf_index bigint NOT NULL,
    document jsonb NOT NULL
  )`,
  `CREATE TABLE reporting.rotation_proof (
    order_id uuid PRIMARY KEY,
    observed_at timestamptz NOT NULL,
    items bigint NOT NULL,
    bytes bigint NOT NULL
  )`,
  `CREATE TABLE reporting.event (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    at timestamptz NOT NULL,
    name text NOT NULL,
    server text NOT NULL,
    severity text NOT NULL,
    detail jsonb NOT NULL
  )`,
  `CREATE INDEX event_of_server ON reporting.event (server, sequence DESC)`,
  `CREATE TABLE reporting.attestation (
    server text PRIMARY KEY,
    sequence bigint NOT NULL,
    applied_at timestamptz NOT NULL,
    revisions_since timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    document jsonb NOT NULL
  )`,
];

const LEDGER = [
  `CREATE TABLE reporting.ledger_entry (
    index bigint PRIMARY KEY,
    kind text NOT NULL,
    reference text NOT NULL,
    leaf_hash text NOT NULL,
    appended_at timestamptz NOT NULL,
    document jsonb NOT NULL
  )`,
  `CREATE UNIQUE INDEX ledger_entry_once ON reporting.ledger_entry (leaf_hash)`,
  // Roots of all perfect subtrees, so that a proof reads as many rows as the tree is high.
  `CREATE TABLE reporting.ledger_node (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (level, index)
  )`,
  `CREATE TABLE reporting.ledger_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    size bigint NOT NULL,
    peaks jsonb NOT NULL
  )`,
  `INSERT INTO reporting.ledger_head (size, peaks) VALUES (0, '[]')`,
  `CREATE TABLE reporting.checkpoint (
    size bigint PRIMARY KEY,
    document jsonb NOT NULL
  )`,
];

const OPERATORS = [
  `CREATE TABLE reporting.operator (
    name text PRIMARY KEY,
    role text NOT NULL,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL
  )`,
  `CREATE TABLE reporting.session (
    token_hash text PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL,
    csrf text NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
];
