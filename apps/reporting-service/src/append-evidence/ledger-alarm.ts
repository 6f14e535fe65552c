import type { AssessedFinding } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { FindingBook } from '../keep-findings/finding-book.js';
import type { LiveUpdates } from '../live-updates/live-updates.js';
import type { EventOutbox } from '../say-event/event-outbox.js';

const finding = (flaw: string): AssessedFinding => ({
  code: 'ledger-rewritten',
  severity: 'critical',
  store: null,
  subject: '',
  message: `the ledger in the database is not the one that was signed: ${flaw}. Nothing is signed until it is`.slice(0, 500),
  advice: 'bring the database back to a state from after that moment; until then keep the events ledger.checkpoint and the files of the witnesses, and find out who could write to the database',
  source: 'signed heads that went to the stream of events and to witnesses',
});

/** Tells that the ledger is not what was signed, and that it is again. */
export class LedgerAlarm {
  /** What was told last; undefined before the first look since the start. */
  #told: string | null | undefined;

  constructor(
    private readonly parts: { readonly dataSource: DataSource; readonly findings: FindingBook; readonly events: EventOutbox; readonly live: LiveUpdates },
  ) {}

  /** `flaw` null: it goes on from what was signed. */
  async tell(flaw: string | null, now: Instant): Promise<void> {
    if (this.#told === flaw) return;
    const { dataSource, findings, events, live } = this.parts;
    await dataSource.transaction(async (tx) => {
      await findings.reconcile(tx, { server: 'fleet', origin: 'ledger', profile: null }, flaw === null ? [] : [finding(flaw)], now);
    });
    this.#told = flaw;
    events.kick();
    live.tell('findings');
  }
}
