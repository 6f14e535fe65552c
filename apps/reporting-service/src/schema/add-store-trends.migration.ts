import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The history of each store in a few points, from which its limit's day is forecast: one row a server and profile, so that reading and judging stay one look-up. */
export class AddStoreTrends1764000000002 implements MigrationInterface {
  readonly name = 'AddStoreTrends1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE reporting.store_trend (
      server text NOT NULL REFERENCES reporting.server,
      profile text NOT NULL,
      trends jsonb NOT NULL,
      PRIMARY KEY (server, profile)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE IF EXISTS reporting.store_trend`);
  }
}
