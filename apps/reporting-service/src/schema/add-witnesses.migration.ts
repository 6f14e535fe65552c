import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How each witness of the ledger is. */
export class AddWitnesses1764000000035 implements MigrationInterface {
  readonly name = 'AddWitnesses1764000000035';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE reporting.witness (
      name text PRIMARY KEY,
      size bigint NOT NULL,
      told_at timestamptz,
      failing_since timestamptz,
      problem text
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE reporting.witness`);
  }
}
