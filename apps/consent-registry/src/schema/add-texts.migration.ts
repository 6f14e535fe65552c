import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Texts of agreements that were given in, beside those that servers were only seen to hold. */
export class AddTexts1764000000008 implements MigrationInterface {
  readonly name = 'AddTexts1764000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE consent.agreement_text ADD COLUMN text text, ADD COLUMN imported_by text, ADD COLUMN imported_at timestamptz`);
    await runner.query(`ALTER TABLE consent.agreement_text ALTER COLUMN seen_at DROP NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM consent.agreement_text WHERE seen_at IS NULL`);
    await runner.query(`ALTER TABLE consent.agreement_text ALTER COLUMN seen_at SET NOT NULL`);
    await runner.query(`ALTER TABLE consent.agreement_text DROP COLUMN text, DROP COLUMN imported_by, DROP COLUMN imported_at`);
  }
}
