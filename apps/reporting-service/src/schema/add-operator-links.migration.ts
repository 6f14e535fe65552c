import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Persons who were let in and have not come yet: the link that each was given is kept as a hash. */
export class AddOperatorLinks1764000000007 implements MigrationInterface {
  readonly name = 'AddOperatorLinks1764000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE reporting.operator_link (name text PRIMARY KEY, role text NOT NULL, token_hash text NOT NULL UNIQUE, expires_at timestamptz NOT NULL)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE reporting.operator_link`);
  }
}
