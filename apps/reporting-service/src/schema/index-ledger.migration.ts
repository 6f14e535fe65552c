import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What evidence of a period looks up: heads by the time when they were signed, and the memberships of a server. */
export class IndexLedger1764000000033 implements MigrationInterface {
  readonly name = 'IndexLedger1764000000033';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX checkpoint_signed_at ON reporting.checkpoint (((document #>> '{payload,at}') COLLATE "C"), size)`);
    await runner.query(`CREATE INDEX ledger_membership ON reporting.ledger_entry (index) WHERE kind = 'membership'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX reporting.checkpoint_signed_at`);
    await runner.query(`DROP INDEX reporting.ledger_membership`);
  }
}
