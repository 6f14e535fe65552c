import { sealEnvelope } from '@mailwarden/contracts';
import { instantOf, type Signer } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import { schemaOf } from './data-source.js';
import type { OutgoingMessage } from './outbox.js';

/** What waits is looked for this often, beside each `kick`. Units: milliseconds. */
const SWEEP_MS = 1_000;
const BATCH_MESSAGES_MAX = 200;
const PAUSE_AFTER_FAILURE_MS = 1_000;
const TIDY_EVERY_MS = 3_600_000;
const SENT_KEPT = '1 day';
/** Longer than any stream keeps a message that could come again. */
const HANDLED_KEPT = '35 days';

interface WaitingRow {
  readonly position: string;
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly data: unknown;
  readonly created_at: Date;
  readonly sequence: string;
  readonly traceparent: string | null;
}

export interface SealedMessage {
  readonly subject: string;
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface RelayParts {
  readonly dataSource: DataSource;
  readonly signer: Signer;
  /** Who speaks, as `mailwarden/reporting`. */
  readonly source: string;
  /** Another form of a message, which travels beside it under the same number; null where there is none. It must not throw, since a message would wait for ever. */
  readonly beside?: (message: OutgoingMessage & { readonly source: string; readonly sequence: number }) => OutgoingMessage | null;
  /** Resolves when the bus has the message for good. */
  readonly publish: (message: SealedMessage) => Promise<unknown>;
  /** When what takes this subject was made: a broker that lost its disk has it made anew, without what was said before. */
  readonly takerMadeAt?: (subject: string) => Promise<Date>;
  readonly onFailure?: (cause: unknown) => void;
}

/**
 * Carries committed messages to the bus: numbered without gaps within each kind (`mw.event`, `mw.order`, `mw.evidence`), signed, at least once, in order.
 * A number is on disk before the message leaves, so that one message never travels under two numbers. Instances take turns by a database lock.
 */
export class OutboxRelay {
  readonly #schema: string;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  #sweep: NodeJS.Timeout | null = null;
  #tidiedAtMs = 0;
  #lookBack = true;

  constructor(private readonly parts: RelayParts) {
    this.#schema = schemaOf(parts.dataSource);
  }

  start(): void {
    this.#stopped = false;
    this.#sweep = setInterval(() => this.kick(), SWEEP_MS);
    this.kick();
  }

  /** To be called after a commit, so that nobody waits for the next sweep. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#again) {
        this.#again = false;
        this.kick();
      }
    });
  }

  /** To be called when the bus is back: it may have forgotten what it had taken. */
  lookBack(): void {
    this.#lookBack = true;
    this.kick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#sweep !== null) clearInterval(this.#sweep);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      if (this.#lookBack) await this.#sayAgain();
      while (!this.#stopped && (await this.#sendBatch()) === BATCH_MESSAGES_MAX);
      await this.#tidy();
    } catch (cause) {
      this.parts.onFailure?.(cause);
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
    }
  }

  /** What was said before its taker was made is said again, under its own id and number, unless it has expired by its own words. Harmless where nothing was lost: readers know the id. */
  async #sayAgain(): Promise<void> {
    const { dataSource, takerMadeAt } = this.parts;
    if (takerMadeAt !== undefined) {
      const lines = await dataSource.query<{ line: string; subject: string }[]>(`SELECT DISTINCT ON (line) line, subject FROM ${this.#schema}.outbox WHERE sent_at IS NOT NULL`);
      for (const { line, subject } of lines) {
        await dataSource.query(`UPDATE ${this.#schema}.outbox SET sent_at = NULL WHERE line = $1 AND sent_at < $2 AND coalesce((data #>> '{payload,expiresAt}')::timestamptz > now(), true)`, [line, await takerMadeAt(subject)]);
      }
    }
    this.#lookBack = false;
  }

  /** Returns how many were sent. */
  async #sendBatch(): Promise<number> {
    return this.parts.dataSource.transaction(async (tx) => {
      const [lock] = await tx.query<{ held: boolean }[]>(`SELECT pg_try_advisory_xact_lock(hashtext($1)) AS held`, [`mailwarden outbox ${this.#schema}`]);
      if (lock?.held !== true) return 0;
      await this.parts.dataSource.transaction((numbering) => this.#number(numbering));
      const rows = await tx.query<WaitingRow[]>(
        `SELECT position, id, subject, type, data, created_at, sequence, traceparent FROM ${this.#schema}.outbox WHERE sent_at IS NULL AND sequence IS NOT NULL ORDER BY position LIMIT ${BATCH_MESSAGES_MAX}`,
      );
      if (rows.length === 0) return 0;
      await Promise.all(rows.flatMap((row) => this.#sealed(row)).map((message) => this.parts.publish(message)));
      await tx.query(`UPDATE ${this.#schema}.outbox SET sent_at = now() WHERE position = ANY($1::bigint[])`, [rows.map((row) => row.position)]);
      return rows.length;
    });
  }

  /** Numbers events, orders and evidence each for themselves, so that a reader of one of them sees every gap and no false one. Commits on its own, before anything is sent. */
  async #number(tx: EntityManager): Promise<void> {
    const lines = await tx.query<{ line: string }[]>(`SELECT DISTINCT line FROM ${this.#schema}.outbox WHERE sequence IS NULL AND sent_at IS NULL ORDER BY line`);
    for (const { line } of lines) {
      await tx.query(`INSERT INTO ${this.#schema}.outbox_head (line, last_sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING`, [line]);
      const [head] = await tx.query<{ last_sequence: string }[]>(`SELECT last_sequence FROM ${this.#schema}.outbox_head WHERE line = $1 FOR UPDATE`, [line]);
      const last = Number(head?.last_sequence ?? 0);
      const [, numbered] = await tx.query<[unknown[], number]>(
        `UPDATE ${this.#schema}.outbox o SET sequence = $1::bigint + n.rank
         FROM (SELECT position, row_number() OVER (ORDER BY position) AS rank FROM ${this.#schema}.outbox WHERE line = $2 AND sequence IS NULL AND sent_at IS NULL) n
         WHERE o.position = n.position`,
        [last, line],
      );
      await tx.query(`UPDATE ${this.#schema}.outbox_head SET last_sequence = $2 WHERE line = $1`, [line, last + numbered]);
    }
  }

  /** A row and what travels beside it: the row counts as sent when both are. */
  #sealed(row: WaitingRow): SealedMessage[] {
    const { source, beside } = this.parts;
    const { id, subject, type, data } = row;
    const other = beside?.({ id, subject, type, data, source, sequence: Number(row.sequence) }) ?? null;
    return [{ id, subject, type, data }, ...(other === null ? [] : [other])].map((message) => this.#seal(row, message));
  }

  #seal({ created_at: createdAt, sequence, traceparent }: WaitingRow, { id, subject, type, data }: OutgoingMessage): SealedMessage {
    const { signer, source } = this.parts;
    const envelope = sealEnvelope(signer, { id, source, type, time: instantOf(createdAt.getTime()), subject, sequence: Number(sequence), data, traceparent: traceparent ?? undefined });
    return { subject, id, bytes: Buffer.from(JSON.stringify(envelope)) };
  }

  async #tidy(): Promise<void> {
    const nowMs = Date.now();
    if (nowMs - this.#tidiedAtMs < TIDY_EVERY_MS) return;
    this.#tidiedAtMs = nowMs;
    await this.parts.dataSource.query(`DELETE FROM ${this.#schema}.outbox WHERE sent_at < now() - interval '${SENT_KEPT}'`);
    await this.parts.dataSource.query(`DELETE FROM ${this.#schema}.handled_message WHERE handled_at < now() - interval '${HANDLED_KEPT}'`);
  }
}
