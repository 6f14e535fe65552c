import { DECISION_PAGE, type Answer, type Decision, type DecisionPage } from '@mailwarden/contracts';
import type { DataSource } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';

/** All that was decided on one agreement, the oldest first, page by page. Errors: an answer that says that there is no such agreement. */
export async function decisionPageOf(dataSource: DataSource, agreements: Agreements, agreement: string, after: number | null): Promise<Answer<DecisionPage>> {
  const unknown = agreements.unknown(agreement);
  if (unknown !== null) return { ok: false, code: 'unknown-agreement', detail: unknown };
  const rows = await dataSource.query<{ position: string; document: Decision }[]>(`SELECT position, document FROM consent.decision WHERE agreement = $1 AND position > $2 ORDER BY position LIMIT ${DECISION_PAGE}`, [agreement, after ?? 0]);
  const title = agreements.all().find(({ id }) => id === agreement)?.title ?? agreement;
  return { ok: true, value: { title, decisions: rows.map(({ document }) => document), next: rows.length < DECISION_PAGE ? null : Number(rows.at(-1)?.position) } };
}
