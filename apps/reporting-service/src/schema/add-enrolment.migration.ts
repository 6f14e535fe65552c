import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tokens that servers enrol by, what was asked by them, and the keys that agents enter the bus with. */
export class AddEnrolment1764000000015 implements MigrationInterface {
  readonly name = 'AddEnrolment1764000000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE reporting.server ADD COLUMN bus_keys jsonb NOT NULL DEFAULT '[]', ADD COLUMN shut_out_keys jsonb NOT NULL DEFAULT '[]', ADD COLUMN renewed_at timestamptz, ADD COLUMN ended_cause text, ADD COLUMN ended_reason text`);
    await runner.query(`CREATE TABLE reporting.enrolment_token (
      id text PRIMARY KEY,
      verifying_key text NOT NULL,
      terms jsonb NOT NULL,
      used integer NOT NULL DEFAULT 0,
      made_by text NOT NULL,
      made_at timestamptz NOT NULL,
      expires_at timestamptz NOT NULL,
      withdrawn_at timestamptz
    )`);
    await runner.query(`CREATE TABLE reporting.enrolment (
      id uuid PRIMARY KEY,
      token text NOT NULL REFERENCES reporting.enrolment_token,
      server text NOT NULL,
      profiles jsonb NOT NULL,
      agent_key text NOT NULL,
      executor_key text NOT NULL,
      bus_key text NOT NULL,
      address text NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'enrolled', 'rejected')),
      asked_at timestamptz NOT NULL,
      answered_at timestamptz,
      answered_by text,
      UNIQUE (token, agent_key)
    )`);
    await runner.query(`CREATE INDEX enrolment_waiting ON reporting.enrolment (asked_at) WHERE state = 'waiting'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE reporting.enrolment`);
    await runner.query(`DROP TABLE reporting.enrolment_token`);
    await runner.query(`ALTER TABLE reporting.server DROP COLUMN bus_keys, DROP COLUMN shut_out_keys, DROP COLUMN renewed_at, DROP COLUMN ended_cause, DROP COLUMN ended_reason`);
  }
}
