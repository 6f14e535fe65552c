import type { ConsentOverview, Decision, SignedConsentEntry } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';

/** Newest decisions that are listed; all stay in the record. */
const DECISIONS_MAX = 500;
/** Entries that are recorded and not published; more of them wait only where the broker has been away for long. */
const UNPUBLISHED_MAX = 200;

/** What is known about agreements and decisions, for people, and what of it agents have not been told yet. */
export async function consentOverviewOf(dataSource: DataSource, agreements: Agreements): Promise<Pick<ConsentOverview, 'agreements' | 'decisions' | 'entries'>> {
  const texts = await agreements.texts();
  const decisions = await dataSource.query<{ document: Decision }[]>(`SELECT document FROM consent.decision ORDER BY position DESC LIMIT ${DECISIONS_MAX}`);
  const entries = await dataSource.query<{ document: SignedConsentEntry }[]>(`SELECT document FROM consent.scope WHERE published_revision < revision ORDER BY scope_key LIMIT ${UNPUBLISHED_MAX}`);
  return {
    agreements: agreements.all().map(({ id, title, gates }) => ({
      id,
      title,
      gates: [...gates],
      versions: texts.filter(({ agreement }) => agreement === id).map(({ agreement: _agreement, text: _text, ...version }) => version),
    })),
    decisions: decisions.map((row) => row.document),
    entries: entries.map((row) => row.document.payload),
  };
}
