import type { DeadLetterView } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';
import { readCursor, writeCursor } from '../http/page-cursor.js';
import { instantFrom, instantOrNull } from '../schema/instants.js';

interface Row extends Pick<DeadLetterView, 'id' | 'consumer' | 'subject' | 'server' | 'origin' | 'type' | 'reason' | 'bytes' | 'tries' | 'state'> {
  readonly first_at: Date;
  readonly last_at: Date;
  readonly settled_at: Date | null;
}

/** Which letters a list shows; absent means all. */
export interface LetterFilter {
  readonly id?: string | undefined;
  readonly consumer?: string | undefined;
  readonly state?: string | undefined;
  readonly server?: string | undefined;
}

const viewFrom = ({ id, consumer, subject, server, origin, type, reason, bytes, tries, state, first_at, last_at, settled_at }: Row): DeadLetterView => ({
  id, consumer, subject, server, origin, type, reason, bytes, tries, state,
  firstAt: instantFrom(first_at),
  lastAt: instantFrom(last_at),
  settledAt: instantOrNull(settled_at),
});

/** Reads what was put aside, newest first. Privacy: never the messages themselves. */
export class DeadLetterViews {
  constructor(private readonly dataSource: DataSource) {}

  async page(filter: LetterFilter, after: string | undefined, limit: number): Promise<{ items: DeadLetterView[]; next: string | null }> {
    const cursor = readCursor(after);
    const rows = await this.#read(filter, cursor, limit + 1);
    const items = rows.slice(0, limit).map(viewFrom);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? writeCursor({ at: last.lastAt, id: last.id }) : null };
  }

  async one(id: string): Promise<DeadLetterView | undefined> {
    return (await this.#read({ id }, null, 1)).map(viewFrom)[0];
  }

  #read({ id, consumer, state, server }: LetterFilter, cursor: { at: string; id: string } | null, limit: number): Promise<Row[]> {
    return this.dataSource.query<Row[]>(
      `SELECT * FROM reporting.dead_letter
       WHERE ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR consumer = $2) AND ($3::text IS NULL OR state = $3) AND ($4::text IS NULL OR server = $4) AND ($5::timestamptz IS NULL OR (last_at, id) < ($5, $6::uuid))
       ORDER BY last_at DESC, id DESC LIMIT $7`,
      [id ?? null, consumer ?? null, state ?? null, server ?? null, cursor?.at ?? null, cursor?.id ?? null, limit],
    );
  }
}
