import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Bundles as they were signed, and every order with what became of it. */
export class CreateRotation1764000000003 implements MigrationInterface {
  readonly name = 'CreateRotation1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE rotation.bundle (
      server text PRIMARY KEY,
      version bigint NOT NULL,
      content_hash text NOT NULL,
      expires_at timestamptz NOT NULL,
      document jsonb NOT NULL
    )`);
    await runner.query(`CREATE TABLE rotation.policy (
      name text PRIMARY KEY,
      version text NOT NULL,
      active_since timestamptz NOT NULL
    )`);
    await runner.query(`CREATE TABLE rotation.rotation_order (
      id uuid PRIMARY KEY,
      server text NOT NULL,
      profile text NOT NULL,
      store text NOT NULL,
      policy text NOT NULL,
      state text NOT NULL CHECK (state IN ('open', 'completed', 'nothing-to-do', 'refused', 'stopped', 'failed', 'expired', 'proved')),
      issued_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      finished_at timestamptz,
      document jsonb NOT NULL,
      receipt jsonb
    )`);
    await runner.query(`CREATE UNIQUE INDEX one_open_order ON rotation.rotation_order (server, profile, store) WHERE state = 'open'`);
    await runner.query(`CREATE INDEX order_of_store ON rotation.rotation_order (server, profile, store, issued_at DESC)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['rotation_order', 'policy', 'bundle']) await runner.query(`DROP TABLE rotation.${table}`);
  }
}
