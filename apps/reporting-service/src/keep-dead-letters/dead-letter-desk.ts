import { CONSUMERS, type DiscardDeadLetters, type ReplayDeadLetters, type ReplayedDeadLetters } from '@mailwarden/contracts';
import { instantOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { OperatorActions } from '../sign-in/operator-actions.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import type { DeadLetterBook } from './dead-letter-book.js';
import type { ReplaySender } from './replay-sender.js';

/** Letters that are given once more by one request, at most. */
const REPLAYED_AT_ONCE_MAX = 1_000;
const KNOWN = Object.keys(CONSUMERS);

/** Oldest first, as they came. A letter of a consumer that no service has any more would be heard by nobody. */
const CHOSEN = `
  SELECT id FROM reporting.dead_letter
  WHERE state = 'waiting' AND consumer = ANY($1::text[]) AND ($2::uuid[] IS NULL OR id = ANY($2)) AND ($3::text IS NULL OR consumer = $3)
  ORDER BY first_at, id LIMIT ${REPLAYED_AT_ONCE_MAX} FOR UPDATE`;

export interface DeskParts {
  readonly dataSource: DataSource;
  readonly book: DeadLetterBook;
  readonly sender: Pick<ReplaySender, 'kick'>;
  readonly actions: OperatorActions;
  readonly events: EventOutbox;
}

/** What an operator has done with dead letters, each time with an event and an entry of the ledger. */
export class DeadLetterDesk {
  constructor(private readonly parts: DeskParts) {}

  /** Gives what waits to its consumers again. What is on its way already stays so: asked twice is done once. */
  async replay({ ids, consumer }: ReplayDeadLetters, operator: string): Promise<ReplayedDeadLetters> {
    const { dataSource, sender, events } = this.parts;
    const at = instantOf(Date.now());
    const replayed = await dataSource.transaction(async (tx) => {
      const rows = await tx.query<{ id: string }[]>(CHOSEN, [KNOWN, ids, consumer]);
      const chosen = rows.map(({ id }) => id);
      if (chosen.length === 0) return chosen;
      await tx.query(`UPDATE reporting.dead_letter SET state = 'replaying', sent_at = NULL WHERE id = ANY($1::uuid[])`, [chosen]);
      await this.#record(tx, 'replayed', { operator, ids: chosen, consumer, at, reason: null });
      return chosen;
    });
    events.kick();
    sender.kick();
    return { letters: replayed };
  }

  /** Gives up what waits: nobody will hear it. Returns how many letters it were. */
  async discard({ ids, reason }: DiscardDeadLetters, operator: string): Promise<number> {
    const at = instantOf(Date.now());
    return this.parts.book.end(ids, 'discarded', at, (tx) => this.#record(tx, 'discarded', { operator, ids, consumer: null, at, reason }));
  }

  /** Privacy: the ledger keeps a hash of who, which and why. */
  async #record(tx: EntityManager, what: 'replayed' | 'discarded', { operator: name, ids, consumer, at, reason }: { operator: string; ids: readonly string[]; consumer: string | null; at: Instant; reason: string | null }): Promise<void> {
    const { actions, events } = this.parts;
    const letters = ids.length;
    const id = await actions.record(tx, { action: `dead-letters-${what}`, operator: name, at, facts: { letters, ...(consumer === null ? {} : { consumer }) }, document: { ids, reason } });
    await events.raise(tx, `message.${what}`, { id: uuidOf('dead-letters', id), server: 'fleet', severity: 'info', at, detail: { operator: actions.nameHash(name), letters, consumer } });
  }
}
