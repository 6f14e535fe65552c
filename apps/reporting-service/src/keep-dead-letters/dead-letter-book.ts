import type { DeadLetter, DeadLetterSettled } from '@mailwarden/contracts';
import { instantOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import { lockServer, type FindingBook } from '../keep-findings/finding-book.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { rejectedFinding } from './dead-letter-finding.js';
import { serverNamed, toldOf } from './told-of-original.js';

/** The same rejection is told to subscribers again no sooner than this, so that a flood of forgeries is no flood of events. Units: milliseconds. */
const RETELL_AFTER_MS = 60_000;
const REMEMBERED_MAX = 10_000;
const REASON_CHARACTERS_MAX = 500;

const KEEP = `
  INSERT INTO reporting.dead_letter AS known (id, consumer, subject, server, origin, type, reason, bytes, tries, state, place, first_at, last_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10, $11, $11)
  ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, tries = excluded.tries, state = 'waiting', place = excluded.place, last_at = excluded.last_at, sent_at = NULL, settled_at = NULL
  WHERE excluded.tries > known.tries
  RETURNING id`;

const WAITING = `
  SELECT count(*) OVER () AS count, consumer, reason FROM reporting.dead_letter WHERE server = $1 AND state IN ('waiting', 'replaying') ORDER BY last_at DESC, id DESC LIMIT 1`;

/**
 * Keeps what was put aside, and tells operators and subscribers of it.
 * A finding stands as long as anything waits in a server's name: until it was replayed and handled, discarded, or is gone from the bus.
 */
export class DeadLetterBook {
  readonly #told = new Map<string, number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly findings: FindingBook,
    private readonly events: EventOutbox,
  ) {}

  /** Keeps a dead letter once, and again when it has failed again. `place` is where it lies in the stream of dead letters. */
  async keep(letter: DeadLetter, place: number): Promise<void> {
    const { origin, type, bytes } = toldOf(Buffer.from(letter.original, 'base64'));
    await this.dataSource.transaction(async (tx) => {
      const named = serverNamed(letter.subject);
      const server = named !== null && (await lockServer(tx, named)) ? named : null;
      const rows = await tx.query<unknown[]>(KEEP, [letter.id, letter.consumer, letter.subject, server, origin, type, letter.reason, bytes, letter.tries ?? 1, place, letter.at]);
      if (rows.length === 0) return;
      await this.#tell(tx, letter, server);
      await this.look(tx, server, letter.at);
    });
    this.events.kick();
  }

  /** A replay was handled: the letter waits no more. */
  async settle({ id, at }: DeadLetterSettled): Promise<void> {
    await this.end([id], 'handled', at);
  }

  /** Ends letters that wait and closes what was found because of them. Returns how many it were. */
  async end(ids: readonly string[], state: 'handled' | 'discarded' | 'gone', at: Instant, also: (tx: EntityManager, ended: number) => Promise<void> = async () => undefined): Promise<number> {
    const ended = await this.dataSource.transaction(async (tx) => {
      const servers = await tx.query<{ server: string | null }[]>(`SELECT DISTINCT server FROM reporting.dead_letter WHERE id = ANY($1::uuid[]) AND server IS NOT NULL ORDER BY server`, [ids]);
      // Rows of servers are always locked before those of letters, so that two transactions never wait for each other.
      for (const { server } of servers) if (server !== null) await lockServer(tx, server);
      const [rows] = await tx.query<[{ id: string }[], number]>(`UPDATE reporting.dead_letter SET state = $2, settled_at = $3 WHERE id = ANY($1::uuid[]) AND state IN ('waiting', 'replaying') RETURNING id`, [ids, state, at]);
      if (rows.length === 0) return 0;
      for (const { server } of servers) await this.look(tx, server, at);
      await also(tx, rows.length);
      return rows.length;
    });
    this.events.kick();
    return ended;
  }

  /** Closes findings of servers in whose name nothing waits, whoever opened them: an earlier version did so by the clock. */
  async lookAgain(now: Instant): Promise<void> {
    const idle = await this.dataSource.query<{ server: string }[]>(
      `SELECT DISTINCT f.server FROM reporting.finding f WHERE f.origin = 'messages' AND f.state = 'open' AND NOT EXISTS (SELECT 1 FROM reporting.dead_letter l WHERE l.server = f.server AND l.state IN ('waiting', 'replaying'))`,
    );
    for (const { server } of idle) {
      await this.dataSource.transaction(async (tx) => {
        if (await lockServer(tx, server)) await this.look(tx, server, now);
      });
    }
    this.events.kick();
  }

  /** Brings the finding of one server in line with what waits. The caller holds the server's row locked. */
  async look(tx: EntityManager, server: string | null, now: Instant): Promise<void> {
    if (server === null) return;
    const [row] = await tx.query<{ count: string; consumer: string; reason: string }[]>(WAITING, [server]);
    await this.findings.reconcile(tx, { server, origin: 'messages', profile: null }, row === undefined ? [] : rejectedFinding({ ...row, count: Number(row.count) }), now);
  }

  async #tell(tx: EntityManager, { id, consumer, reason, tries = 1 }: DeadLetter, server: string | null): Promise<void> {
    const nowMs = Date.now();
    const key = `${consumer} ${server ?? ''} ${reason}`;
    if (tries === 1 && nowMs - (this.#told.get(key) ?? 0) < RETELL_AFTER_MS) return;
    if (this.#told.size >= REMEMBERED_MAX) this.#told.clear();
    this.#told.set(key, nowMs);
    await this.events.raise(tx, 'message.rejected', {
      id: uuidOf('rejected', id, String(tries)),
      server: server ?? 'fleet',
      severity: 'high',
      at: instantOf(nowMs),
      detail: { consumer, reason: reason.slice(0, REASON_CHARACTERS_MAX), letter: id, tries },
    });
  }
}
