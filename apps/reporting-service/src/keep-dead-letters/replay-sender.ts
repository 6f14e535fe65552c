import { deadLetter, STREAMS, type DeadLetter } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import { publishReplay } from '@mailwarden/messaging';
import type { Logger } from '@mailwarden/observability';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import type { DeadLetterBook } from './dead-letter-book.js';

/** What was asked for and not sent yet is looked for this often, beside each `kick`. Units: milliseconds. */
const SWEEP_MS = 5_000;
const TIDY_EVERY_MS = 600_000;
/** A day longer than the stream keeps the messages themselves. */
const KEPT = `${STREAMS.DEAD.maxAgeSeconds / 86_400 + 1} days`;
/** A flood of forgeries is no flood of rows: beyond so many the oldest leave. */
const LETTERS_MAX = 100_000;
const BATCH = 100;

interface AskedRow {
  readonly id: string;
  readonly consumer: string;
  readonly tries: number;
  readonly place: string;
}

/** Brings what an operator wants heard from the stream of dead letters to its consumer, once for each time that it was asked. */
export class ReplaySender {
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  /** What lies in the stream already is read after a start; until then it is too early to say that nothing waits. */
  #tidiedAtMs = Date.now();

  constructor(private readonly parts: { readonly dataSource: DataSource; readonly bus: NatsConnection; readonly book: DeadLetterBook; readonly log: Logger }) {}

  start(): void {
    this.#stopped = false;
    this.#timer = setInterval(() => this.kick(), SWEEP_MS);
    this.kick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#working;
  }

  /** To be called after the commit of what was asked. */
  kick(): void {
    if (this.#stopped) return;
    if (this.#working !== null) {
      this.#again = true;
      return;
    }
    this.#working = this.#work().finally(() => {
      this.#working = null;
      if (!this.#again) return;
      this.#again = false;
      this.kick();
    });
  }

  async #work(): Promise<void> {
    try {
      while (!this.#stopped && (await this.#sendSome()) === BATCH);
      await this.#tidy();
    } catch (cause) {
      this.parts.log.warn({ err: cause }, 'dead letters wait to be replayed: the bus or the database is away');
    }
  }

  async #sendSome(): Promise<number> {
    const rows = await this.parts.dataSource.query<AskedRow[]>(`SELECT id, consumer, tries, place FROM reporting.dead_letter WHERE state = 'replaying' AND sent_at IS NULL ORDER BY first_at, id LIMIT ${BATCH}`);
    for (const row of rows) await this.#send(row);
    return rows.length;
  }

  /** Sent before it is noted: a crash between has it sent again, and the stream tells it by its name. */
  async #send(row: AskedRow): Promise<void> {
    const { dataSource, bus, book, log } = this.parts;
    const letter = await this.#letterAt(row);
    if (letter === null) {
      log.warn({ letter: row.id }, 'a dead letter is gone from the bus and cannot be replayed');
      await book.end([row.id], 'gone', instantOf(Date.now()));
      return;
    }
    await publishReplay(bus, row.consumer, { letter: row.id, subject: letter.subject, tries: row.tries }, Buffer.from(letter.original, 'base64'));
    await dataSource.query(`UPDATE reporting.dead_letter SET sent_at = now() WHERE id = $1 AND state = 'replaying' AND tries = $2`, [row.id, row.tries]);
  }

  /** The letter that lies at its place; null when that is gone, or another lies there since the stream was made anew. */
  async #letterAt({ id, place }: AskedRow): Promise<DeadLetter | null> {
    const message = await (await jetstreamManager(this.parts.bus)).streams.getMessage(STREAMS.DEAD.name, { seq: Number(place) });
    if (message === null) return null;
    try {
      const parsed = deadLetter.safeParse(message.json());
      return parsed.success && parsed.data.id === id ? parsed.data : null;
    } catch {
      return null;
    }
  }

  /** What is gone from the bus by its age waits no longer; old rows leave. */
  async #tidy(): Promise<void> {
    const nowMs = Date.now();
    if (nowMs - this.#tidiedAtMs < TIDY_EVERY_MS) return;
    this.#tidiedAtMs = nowMs;
    const { dataSource, book } = this.parts;
    const old = await dataSource.query<{ id: string }[]>(
      `SELECT id FROM reporting.dead_letter WHERE last_at < now() - interval '${KEPT}' UNION ALL (SELECT id FROM reporting.dead_letter ORDER BY (state IN ('waiting', 'replaying')) DESC, last_at DESC, id DESC OFFSET ${LETTERS_MAX})`,
    );
    await book.lookAgain(instantOf(nowMs));
    if (old.length === 0) return;
    const ids = old.map(({ id }) => id);
    await book.end(ids, 'gone', instantOf(nowMs));
    await dataSource.query(`DELETE FROM reporting.dead_letter WHERE id = ANY($1::uuid[])`, [ids]);
  }
}
