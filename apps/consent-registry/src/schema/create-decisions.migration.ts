import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Agreements with the texts that were seen of them, and every decision ever recorded: nothing is ever changed or removed. */
export class CreateDecisions1764000000002 implements MigrationInterface {
  readonly name = 'CreateDecisions1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE consent.agreement_text (
      agreement text NOT NULL,
      text_sha256 text NOT NULL,
      label text NOT NULL,
      language text NOT NULL,
      effective_at timestamptz,
      seen_at timestamptz NOT NULL,
      PRIMARY KEY (agreement, text_sha256)
    )`);
    await runner.query(`CREATE TABLE consent.decision (
      position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id uuid NOT NULL UNIQUE,
      agreement text NOT NULL,
      scope_key text NOT NULL,
      document jsonb NOT NULL
    )`);
    await runner.query(`CREATE INDEX decision_of_scope ON consent.decision (scope_key, agreement, position DESC)`);
    await runner.query(`CREATE TABLE consent.scope (
      scope_key text PRIMARY KEY,
      scope jsonb NOT NULL,
      revision bigint NOT NULL,
      converged_revision bigint NOT NULL DEFAULT 0,
      document jsonb NOT NULL
    )`);
    await runner.query(`CREATE TABLE consent.attested (
      server text PRIMARY KEY,
      applied_at timestamptz NOT NULL,
      revisions jsonb NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['attested', 'scope', 'decision', 'agreement_text']) await runner.query(`DROP TABLE consent.${table}`);
  }
}
