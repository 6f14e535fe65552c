import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Versions of policies that stand still, whatever becomes of their files; and the files that the policy folder was last seen with. */
export class NoteStandstill1764000000007 implements MigrationInterface {
  readonly name = 'NoteStandstill1764000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE rotation.standstill (
      policy text NOT NULL,
      version text NOT NULL,
      wave integer NOT NULL,
      reason text NOT NULL,
      PRIMARY KEY (policy, version)
    )`);
    await runner.query(`INSERT INTO rotation.standstill (policy, version, wave, reason) SELECT policy, version, wave, reason FROM rotation.rollout WHERE state = 'stopped'`);
    await runner.query(`CREATE TABLE rotation.policy_folder (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      files text[] NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['policy_folder', 'standstill']) await runner.query(`DROP TABLE rotation.${table}`);
  }
}
