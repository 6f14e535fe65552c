import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an evidence pack looks up: the newest attestation of a server, and the entries of decisions. */
export class IndexEvidence1764000000014 implements MigrationInterface {
  readonly name = 'IndexEvidence1764000000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX ledger_attestation ON reporting.ledger_entry (reference, index DESC) WHERE kind = 'attestation'`);
    await runner.query(`CREATE INDEX ledger_decision ON reporting.ledger_entry (reference) WHERE kind = 'decision'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX reporting.ledger_attestation`);
    await runner.query(`DROP INDEX reporting.ledger_decision`);
  }
}
