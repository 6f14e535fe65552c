import type { ConsentOverview, Decision, SignedConsentEntry } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';

/** Newest decisions that are listed; all stay in the record. */
const DECISIONS_MAX = 500;

/** Everything that is known about agreements and decisions, for people. */
export async function consentOverviewOf(dataSource: DataSource, agreements: Agreements): Promise<ConsentOverview> {
  const texts = await agreements.texts();
  const decisions = await dataSource.query<{ document: Decision }[]>(`SELECT document FROM consent.decision ORDER BY position DESC LIMIT ${DECISIONS_MAX}`);
  const entries = await dataSource.query<{ document: SignedConsentEntry }[]>(`SELECT document FROM consent.scope ORDER BY scope_key`);
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
