import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables that every service has in its own schema: which messages it has handled, and what it has to say. */
export function bookkeepingMigration(schema: string): new () => MigrationInterface {
  return class CreateBookkeeping1763000000001 implements MigrationInterface {
    readonly name = 'CreateBookkeeping1763000000001';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`CREATE TABLE ${schema}.handled_message (
        consumer text NOT NULL,
        message_id text NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, message_id)
      )`);
      await runner.query(`CREATE INDEX handled_message_by_time ON ${schema}.handled_message (handled_at)`);
      await runner.query(`CREATE TABLE ${schema}.outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id text NOT NULL UNIQUE,
        subject text NOT NULL,
        type text NOT NULL,
        data jsonb NOT NULL,
        line text NOT NULL GENERATED ALWAYS AS (split_part(subject, '.', 2)) STORED,
        created_at timestamptz NOT NULL DEFAULT now(),
        sequence bigint,
        sent_at timestamptz,
        UNIQUE (line, sequence)
      )`);
      await runner.query(`CREATE INDEX outbox_waiting ON ${schema}.outbox (position) WHERE sent_at IS NULL`);
      await runner.query(`CREATE INDEX outbox_sent ON ${schema}.outbox (sent_at) WHERE sent_at IS NOT NULL`);
      await runner.query(`CREATE TABLE ${schema}.outbox_head (line text PRIMARY KEY, last_sequence bigint NOT NULL)`);
    }

    async down(runner: QueryRunner): Promise<void> {
      for (const table of ['outbox_head', 'outbox', 'handled_message']) await runner.query(`DROP TABLE ${schema}.${table}`);
    }
  };
}

/** Which trace a message in the outbox belongs to. */
export function traceMigration(schema: string): new () => MigrationInterface {
  return class AddTraceparent1763000000002 implements MigrationInterface {
    readonly name = 'AddTraceparent1763000000002';

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`ALTER TABLE ${schema}.outbox ADD COLUMN traceparent text`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`ALTER TABLE ${schema}.outbox DROP COLUMN traceparent`);
    }
  };
}
