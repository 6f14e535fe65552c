import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far each origin has counted, what of it is missing, and where it began to count anew. */
export class KeepSequences1764000000038 implements MigrationInterface {
  readonly name = 'KeepSequences1764000000038';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE reporting.sequence_line (source text NOT NULL, line text NOT NULL, epoch integer NOT NULL, head bigint NOT NULL, began_at timestamptz NOT NULL, PRIMARY KEY (source, line))`);
    await runner.query(`CREATE TABLE reporting.sequence_gap (source text NOT NULL, line text NOT NULL, epoch integer NOT NULL, first bigint NOT NULL, last bigint NOT NULL, seen_at timestamptz NOT NULL, accepted boolean NOT NULL DEFAULT false, PRIMARY KEY (source, line, epoch, first))`);
    await runner.query(`CREATE TABLE reporting.sequence_break (source text NOT NULL, line text NOT NULL, epoch integer NOT NULL, head bigint NOT NULL, began bigint NOT NULL, seen_at timestamptz NOT NULL, accepted boolean NOT NULL DEFAULT false, PRIMARY KEY (source, line, epoch))`);
    // Agents that were heard before go on from the highest number that is known of them: what came before nobody counted.
    await runner.query(`INSERT INTO reporting.sequence_line (source, line, epoch, head, began_at)
      SELECT 'mailwarden/agent/' || server, 'agent', 0, max(sequence), 'epoch' FROM (SELECT server, sequence FROM reporting.observation UNION ALL SELECT server, sequence FROM reporting.attestation) AS heard WHERE sequence > 0 GROUP BY server`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['sequence_break', 'sequence_gap', 'sequence_line']) await runner.query(`DROP TABLE reporting.${table}`);
  }
}
