import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was put aside, as operators see it. The messages themselves stay on the bus. */
export class KeepDeadLetters1764000000036 implements MigrationInterface {
  readonly name = 'KeepDeadLetters1764000000036';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE reporting.dead_letter (
      id uuid PRIMARY KEY,
      consumer text NOT NULL,
      subject text NOT NULL,
      server text,
      origin text,
      type text,
      reason text NOT NULL,
      bytes integer NOT NULL,
      tries integer NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'replaying', 'handled', 'discarded', 'gone')),
      place bigint NOT NULL,
      first_at timestamptz NOT NULL,
      last_at timestamptz NOT NULL,
      sent_at timestamptz,
      settled_at timestamptz
    )`);
    await runner.query(`CREATE INDEX dead_letter_by_time ON reporting.dead_letter (last_at DESC, id DESC)`);
    await runner.query(`CREATE INDEX dead_letter_waiting ON reporting.dead_letter (server) WHERE state IN ('waiting', 'replaying')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE reporting.dead_letter`);
  }
}
