import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What waits for a second person. */
export class AddProposals1764000000013 implements MigrationInterface {
  readonly name = 'AddProposals1764000000013';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE consent.proposal (
      id uuid PRIMARY KEY,
      document jsonb NOT NULL,
      proposed_by text NOT NULL,
      proposed_at timestamptz NOT NULL,
      lapses_at timestamptz NOT NULL,
      state text NOT NULL DEFAULT 'waiting',
      closed_at timestamptz,
      closed_by text,
      reason text
    )`);
    await runner.query(`CREATE INDEX proposal_waiting ON consent.proposal (lapses_at) WHERE state = 'waiting'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE consent.proposal`);
  }
}
