import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a person last let a rollout go on: what failed before waits for nobody any more. */
export class NoteResumed1764000000006 implements MigrationInterface {
  readonly name = 'NoteResumed1764000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE rotation.rollout ADD COLUMN resumed_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE rotation.rollout DROP COLUMN resumed_at`);
  }
}
