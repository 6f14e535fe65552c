import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Texts whose words were asked of servers, and the parts of them that have come. */
export class AddTextAsks1764000000015 implements MigrationInterface {
  readonly name = 'AddTextAsks1764000000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE consent.text_ask (
      id uuid PRIMARY KEY,
      agreement text NOT NULL,
      text_sha256 text NOT NULL,
      server text NOT NULL,
      label text NOT NULL,
      language text NOT NULL,
      effective_at timestamptz,
      asked_by text NOT NULL,
      asked_at timestamptz NOT NULL,
      sealing_key text NOT NULL,
      opening_key text,
      failed text,
      UNIQUE (agreement, text_sha256)
    )`);
    await runner.query(`CREATE TABLE consent.text_part (
      ask uuid NOT NULL REFERENCES consent.text_ask ON DELETE CASCADE,
      part integer NOT NULL,
      parts integer NOT NULL,
      sealed bytea NOT NULL,
      PRIMARY KEY (ask, part)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['text_part', 'text_ask']) await runner.query(`DROP TABLE consent.${table}`);
  }
}
