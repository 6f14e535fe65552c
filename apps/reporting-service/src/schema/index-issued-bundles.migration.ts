import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a bundle was issued is asked for each receipt of a host that acted by one; the ledger grows for ever. */
export class IndexIssuedBundles1764000000006 implements MigrationInterface {
  readonly name = 'IndexIssuedBundles1764000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX ledger_issued_bundle ON reporting.ledger_entry (reference) WHERE kind = 'policy'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX reporting.ledger_issued_bundle`);
  }
}
