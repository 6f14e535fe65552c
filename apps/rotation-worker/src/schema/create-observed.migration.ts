import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When the newest observation of each server began, so that one that was overtaken on the way orders nothing. */
export class CreateObserved1764000000004 implements MigrationInterface {
  readonly name = 'CreateObserved1764000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE rotation.observed (
      server text NOT NULL,
      profile text NOT NULL,
      started_at timestamptz NOT NULL,
      PRIMARY KEY (server, profile)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE rotation.observed`);
  }
}
