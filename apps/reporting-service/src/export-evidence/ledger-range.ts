import type { Instant, Sha256 } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { SignedCheckpoint } from '../append-evidence/ledger-book.js';

/** Rows that are read at once, so that a period of millions of entries takes no more memory than one of a few. */
const PAGE = 500;

/** One entry of the ledger as it is kept. */
export interface LedgerRow {
  readonly index: number;
  readonly hash: Sha256;
  readonly document: unknown;
}

interface Row {
  readonly index: string;
  readonly leaf_hash: Sha256;
  readonly document: unknown;
}

const rowFrom = ({ index, leaf_hash: hash, document }: Row): LedgerRow => ({ index: Number(index), hash, document });
/** By bytes, as moments sort. */
const SIGNED_AT = `((document #>> '{payload,at}') COLLATE "C")`;

/** Reads the ledger in the order in which it grew, a page at a time. */
export class LedgerRange {
  constructor(private readonly dataSource: DataSource) {}

  /** The newest head that was signed at a moment or before. Null where there is none. */
  async headBefore(at: Instant): Promise<SignedCheckpoint | null> {
    const [row] = await this.dataSource.query<{ document: SignedCheckpoint }[]>(`SELECT document FROM reporting.checkpoint WHERE ${SIGNED_AT} <= $1 ORDER BY ${SIGNED_AT} DESC, size DESC LIMIT 1`, [at]);
    return row?.document ?? null;
  }

  /** The first head that was signed at a moment or after; where there is none, the newest of all. Null where nothing was ever signed. */
  async headAfter(at: Instant): Promise<SignedCheckpoint | null> {
    const [row] = await this.dataSource.query<{ document: SignedCheckpoint }[]>(`SELECT document FROM reporting.checkpoint WHERE ${SIGNED_AT} >= $1 ORDER BY ${SIGNED_AT}, size LIMIT 1`, [at]);
    if (row !== undefined) return row.document;
    const [newest] = await this.dataSource.query<{ document: SignedCheckpoint }[]>(`SELECT document FROM reporting.checkpoint ORDER BY size DESC LIMIT 1`);
    return newest?.document ?? null;
  }

  /** Entries from one index up to another, that one not included. */
  async *entries(from: number, to: number): AsyncGenerator<LedgerRow> {
    for (let next = from; next < to; ) {
      const rows = await this.dataSource.query<Row[]>(`SELECT index, leaf_hash, document FROM reporting.ledger_entry WHERE index >= $1 AND index < $2 ORDER BY index LIMIT ${PAGE}`, [next, to]);
      if (rows.length === 0) return;
      for (const row of rows) yield rowFrom(row);
      next = Number(rows.at(-1)?.index) + 1;
    }
  }

  /** Heads that were signed between two sizes, neither included, smallest first. */
  async *heads(after: number, before: number): AsyncGenerator<SignedCheckpoint> {
    for (let last = after; ; ) {
      const rows = await this.dataSource.query<{ document: SignedCheckpoint }[]>(`SELECT document FROM reporting.checkpoint WHERE size > $1 AND size < $2 ORDER BY size LIMIT ${PAGE}`, [last, before]);
      for (const { document } of rows) yield document;
      if (rows.length < PAGE) return;
      last = rows.at(-1)?.document.payload.size ?? before;
    }
  }

  /** Memberships that the ledger took in before an index, oldest first, a page at a time; of one server alone where it is named. */
  async *memberships(before: number, server: string | null): AsyncGenerator<readonly LedgerRow[]> {
    for (let last = -1; ; ) {
      const rows = await this.dataSource.query<Row[]>(
        `SELECT index, leaf_hash, document FROM reporting.ledger_entry WHERE kind = 'membership' AND index > $1 AND index < $2 AND ($3::text IS NULL OR reference = $3) ORDER BY index LIMIT ${PAGE}`,
        [last, before, server],
      );
      if (rows.length > 0) yield rows.map(rowFrom);
      if (rows.length < PAGE) return;
      last = Number(rows.at(-1)?.index);
    }
  }
}
