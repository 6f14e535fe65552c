import type { Envelope } from '@mailwarden/contracts';
import { serverOfSource } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';
import { instantFrom } from '../schema/instants.js';
import { nextStep } from './next-step.js';

/** What is numbered by itself: everything of an agent, and each kind of subject of a service. */
export type SequenceLine = 'agent' | 'event' | 'order' | 'evidence';

type Heard = Pick<Envelope, 'source' | 'sequence' | 'time'>;

const GO_ON = `UPDATE reporting.sequence_line SET head = $3 WHERE source = $1 AND line = $2 AND head = $3 - 1 AND began_at <= $4`;
/** Takes one number out of what is missing: what is left of the gap are up to two. */
const FILL = `
  WITH filled AS (DELETE FROM reporting.sequence_gap WHERE source = $1 AND line = $2 AND first <= $3 AND last >= $3 AND epoch <= $4 RETURNING *),
    rest AS (
      SELECT source, line, epoch, first, $3 - 1 AS last, seen_at, accepted FROM filled WHERE first < $3
      UNION ALL SELECT source, line, epoch, $3 + 1, last, seen_at, accepted FROM filled WHERE last > $3),
    kept AS (INSERT INTO reporting.sequence_gap (source, line, epoch, first, last, seen_at, accepted) SELECT * FROM rest)
  SELECT 1 FROM filled`;

interface LineRow {
  readonly epoch: number;
  readonly head: string;
  readonly began_at: Date;
}

/**
 * Counts what each origin says, in the transaction in which it is heard: once for each message, however often that is delivered.
 * The caller has not locked the server's row yet: lines are always locked before servers, so that two transactions never wait for each other.
 */
export class SequenceBook {
  /** Notes a message's number. What is not counted (0) is passed over. */
  async note(tx: EntityManager, heard: Heard, line: SequenceLine, now: Instant): Promise<void> {
    const { source, sequence, time } = heard;
    if (sequence === 0) return;
    const [, gone] = await tx.query<[unknown[], number]>(GO_ON, [source, line, sequence, time]);
    if (gone === 0) await this.#look(tx, heard, line, now);
  }

  /** An agent that was enrolled anew counts from one again, and nothing is amiss. */
  async beginAgain(tx: EntityManager, source: string, now: Instant): Promise<void> {
    await tx.query(`UPDATE reporting.sequence_line SET epoch = epoch + 1, head = 0, began_at = $2 WHERE source = $1 AND line = 'agent'`, [source, now]);
  }

  /** What stands out of line. */
  async #look(tx: EntityManager, heard: Heard, line: SequenceLine, now: Instant): Promise<void> {
    const { source, sequence } = heard;
    await tx.query(`INSERT INTO reporting.sequence_line (source, line, epoch, head, began_at) VALUES ($1, $2, 0, 0, 'epoch') ON CONFLICT DO NOTHING`, [source, line]);
    const [row] = await tx.query<LineRow[]>(`SELECT epoch, head, began_at FROM reporting.sequence_line WHERE source = $1 AND line = $2 FOR UPDATE`, [source, line]);
    if (row === undefined) return;
    const step = nextStep({ head: Number(row.head), beganAt: instantFrom(row.began_at) }, heard);
    if (step.kind === 'gap') await tx.query(`INSERT INTO reporting.sequence_gap (source, line, epoch, first, last, seen_at) VALUES ($1, $2, $3, $4, $5, $6)`, [source, line, row.epoch, step.first, step.last, now]);
    if (step.kind === 'gap' || step.kind === 'next') await tx.query(`UPDATE reporting.sequence_line SET head = $3 WHERE source = $1 AND line = $2`, [source, line, sequence]);
    if (step.kind === 'former') await tx.query(FILL, [source, line, sequence, row.epoch - 1]);
    if (step.kind === 'late' && (await tx.query<unknown[]>(FILL, [source, line, sequence, row.epoch])).length === 0) await this.#beginAnew(tx, heard, line, row, now);
  }

  /** A number that was used before, under another id: the origin has lost count, was put back to an earlier state, or there are two of it. */
  async #beginAnew(tx: EntityManager, { source, sequence, time }: Heard, line: SequenceLine, { epoch, head }: LineRow, now: Instant): Promise<void> {
    await tx.query(`INSERT INTO reporting.sequence_break (source, line, epoch, head, began, seen_at) VALUES ($1, $2, $3, $4, $5, $6)`, [source, line, epoch + 1, head, sequence, now]);
    await tx.query(`UPDATE reporting.sequence_line SET epoch = $3, head = $4, began_at = $5 WHERE source = $1 AND line = $2`, [source, line, epoch + 1, sequence, time]);
  }
}

/** Line of a message that the ledger or a read model takes: an agent counts all that it says, a service each kind. */
export const lineOf = (source: string, ofService: Exclude<SequenceLine, 'agent'>): SequenceLine => (serverOfSource(source) === undefined ? ofService : 'agent');
