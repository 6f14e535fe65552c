import type { MigrationInterface, QueryRunner } from 'typeorm';

const ORDER_STATES = ['open', 'completed', 'nothing-to-do', 'refused', 'stopped', 'failed', 'expired', 'proved', 'planned', 'marked'];

/** Rollouts, requests, marks, applied policies, and what is recorded of every store. */
export class CreateFleet1764000000005 implements MigrationInterface {
  readonly name = 'CreateFleet1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE rotation.rotation_order DROP CONSTRAINT rotation_order_state_check`);
    await runner.query(`ALTER TABLE rotation.rotation_order
      ADD CONSTRAINT rotation_order_state_check CHECK (state IN (${ORDER_STATES.map((state) => `'${state}'`).join(', ')})),
      ADD COLUMN purpose text NOT NULL DEFAULT 'rotate' CHECK (purpose IN ('rotate', 'plan', 'mark')),
      ADD COLUMN policy_version text,
      ADD COLUMN foretold_items bigint,
      ADD COLUMN foretold_bytes bigint,
      ADD COLUMN deleted_items bigint NOT NULL DEFAULT 0,
      ADD COLUMN deleted_bytes bigint NOT NULL DEFAULT 0,
      ADD COLUMN item_ms double precision,
      ADD COLUMN failed boolean NOT NULL DEFAULT false,
      ADD COLUMN closed_at timestamptz`);
    await runner.query(`DROP INDEX rotation.one_open_order`);
    await runner.query(`CREATE UNIQUE INDEX one_open_order ON rotation.rotation_order (server, profile, store) WHERE state = 'open' AND purpose <> 'plan'`);
    await runner.query(`CREATE INDEX order_under_way ON rotation.rotation_order (expires_at) WHERE state = 'open'`);
    await runner.query(`CREATE INDEX order_to_prove ON rotation.rotation_order (server, profile) WHERE state = 'completed'`);
    await runner.query(`CREATE INDEX order_of_policy ON rotation.rotation_order (policy, finished_at DESC) WHERE finished_at IS NOT NULL AND purpose <> 'plan'`);
    await runner.query(`CREATE INDEX order_failed ON rotation.rotation_order (policy, closed_at) WHERE failed`);
    await this.#waiting(runner);
    await runner.query(`CREATE TABLE rotation.rollout (
      policy text PRIMARY KEY,
      version text NOT NULL,
      wave integer NOT NULL,
      state text NOT NULL CHECK (state IN ('running', 'soaking', 'stopped', 'complete')),
      since timestamptz NOT NULL,
      next_at timestamptz,
      reason text NOT NULL DEFAULT '',
      revision bigint NOT NULL DEFAULT 1
    )`);
    await runner.query(`CREATE TABLE rotation.reach (
      policy text NOT NULL,
      version text NOT NULL,
      server text NOT NULL,
      wave integer NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
      at timestamptz NOT NULL,
      PRIMARY KEY (policy, server)
    )`);
    await runner.query(`CREATE TABLE rotation.applied_policy (
      position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text NOT NULL,
      kind text NOT NULL,
      version text NOT NULL,
      text text NOT NULL,
      at timestamptz NOT NULL,
      by_whom text NOT NULL,
      reason text NOT NULL,
      withdrawn boolean NOT NULL
    )`);
    await runner.query(`CREATE INDEX applied_policy_newest ON rotation.applied_policy (name, position DESC)`);
    await runner.query(`CREATE TABLE rotation.store_state (
      server text NOT NULL,
      profile text NOT NULL,
      store text NOT NULL,
      measured_ms bigint NOT NULL,
      items bigint,
      records bigint,
      bytes bigint,
      oldest_ms bigint,
      newest_ms bigint,
      room_total bigint,
      room_free bigint,
      spread text,
      PRIMARY KEY (profile, store, server)
    )`);
  }

  async #waiting(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE rotation.request (
      id uuid PRIMARY KEY,
      server text NOT NULL,
      profile text NOT NULL,
      store text NOT NULL,
      policy text NOT NULL,
      policy_version text NOT NULL,
      foretold_items bigint NOT NULL,
      foretold_bytes bigint NOT NULL,
      most_items bigint NOT NULL,
      most_bytes bigint NOT NULL,
      asked_at timestamptz NOT NULL,
      lapses_at timestamptz NOT NULL,
      approvals integer NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected', 'lapsed', 'used')),
      closed_at timestamptz,
      "order" uuid
    )`);
    await runner.query(`CREATE UNIQUE INDEX one_open_request ON rotation.request (server, profile, store, policy) WHERE state IN ('waiting', 'approved')`);
    await runner.query(`CREATE INDEX request_of_store ON rotation.request (server, profile, store, policy, asked_at DESC)`);
    await runner.query(`CREATE TABLE rotation.answer (
      request uuid NOT NULL REFERENCES rotation.request (id),
      person text NOT NULL,
      answer text NOT NULL CHECK (answer IN ('approved', 'rejected')),
      reason text NOT NULL,
      at timestamptz NOT NULL,
      PRIMARY KEY (request, person)
    )`);
    await runner.query(`CREATE TABLE rotation.mark (
      "order" uuid PRIMARY KEY,
      server text NOT NULL,
      profile text NOT NULL,
      store text NOT NULL,
      policy text NOT NULL,
      policy_version text NOT NULL,
      items bigint NOT NULL DEFAULT 0,
      bytes bigint NOT NULL DEFAULT 0,
      grace_seconds bigint NOT NULL,
      bounds jsonb NOT NULL,
      marked_at timestamptz NOT NULL,
      due_at timestamptz NOT NULL,
      state text NOT NULL CHECK (state IN ('marking', 'marked', 'released', 'done')),
      deleted_by uuid
    )`);
    await runner.query(`CREATE UNIQUE INDEX one_mark ON rotation.mark (server, profile, store, policy) WHERE state <> 'done'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['store_state', 'applied_policy', 'reach', 'rollout', 'mark', 'answer', 'request']) await runner.query(`DROP TABLE rotation.${table}`);
    for (const index of ['order_under_way', 'order_to_prove', 'order_of_policy', 'order_failed', 'one_open_order']) await runner.query(`DROP INDEX rotation.${index}`);
    await runner.query(`DELETE FROM rotation.rotation_order WHERE purpose <> 'rotate'`);
    for (const column of ['purpose', 'policy_version', 'foretold_items', 'foretold_bytes', 'deleted_items', 'deleted_bytes', 'item_ms', 'failed', 'closed_at']) await runner.query(`ALTER TABLE rotation.rotation_order DROP COLUMN ${column}`);
    await runner.query(`CREATE UNIQUE INDEX one_open_order ON rotation.rotation_order (server, profile, store) WHERE state = 'open'`);
  }
}
