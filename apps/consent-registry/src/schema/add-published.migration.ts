import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far each scope's entry has been published, so that what is not is found without a look at the bucket; and the numbers of agents' words, since their clocks say nothing of the order. */
export class AddPublished1764000000009 implements MigrationInterface {
  readonly name = 'AddPublished1764000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE consent.scope ADD COLUMN published_revision bigint NOT NULL DEFAULT 0`);
    await runner.query(`ALTER TABLE consent.attested ADD COLUMN sequence bigint NOT NULL DEFAULT 0`);
    await runner.query(`CREATE INDEX scope_unpublished ON consent.scope (scope_key) WHERE published_revision < revision`);
    await runner.query(`CREATE INDEX scope_open ON consent.scope (scope_key) WHERE converged_revision < revision`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['scope_unpublished', 'scope_open']) await runner.query(`DROP INDEX consent.${index}`);
    await runner.query(`ALTER TABLE consent.attested DROP COLUMN sequence`);
    await runner.query(`ALTER TABLE consent.scope DROP COLUMN published_revision`);
  }
}
