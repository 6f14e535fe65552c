import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A finding of the whole fleet, as of the ledger, has the word `fleet` where others have a server. */
export class FleetFindings1764000000034 implements MigrationInterface {
  readonly name = 'FleetFindings1764000000034';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE reporting.finding DROP CONSTRAINT finding_server_fkey`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM reporting.finding WHERE server = 'fleet'`);
    await runner.query(`ALTER TABLE reporting.finding ADD CONSTRAINT finding_server_fkey FOREIGN KEY (server) REFERENCES reporting.server`);
  }
}
