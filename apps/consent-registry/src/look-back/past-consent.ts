import { consentAt } from '@mailwarden/consent';
import { PAST_ROWS_MAX, scopeKey, scopesOf, type Answer, type ConsentAt, type ConsentAtRequest, type Decision, type Membership } from '@mailwarden/contracts';
import { unknown } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';

const TEXT = unknown('texts on servers are not recorded over time');

/** What counted at an instant, as far as it was recorded at another. Servers bear the labels that they bear now. */
export class PastConsent {
  constructor(
    private readonly dataSource: DataSource,
    private readonly agreements: Agreements,
    private readonly members: () => readonly Membership[],
  ) {}

  /** Errors: an answer that says that there is no such server. */
  async at({ at, knownAt, server }: ConsentAtRequest): Promise<Answer<ConsentAt>> {
    const members = this.members().filter((member) => server === null || member.server === server);
    if (server !== null && members.length === 0) return { ok: false, code: 'unknown-server', detail: `no server of the fleet is called ${server}` };
    const decisions = await this.#decisions(members, knownAt);
    const agreements = this.agreements.all().map(({ id }) => ({ id, textSha256: TEXT }));
    const shown = Math.floor(PAST_ROWS_MAX / Math.max(1, agreements.length));
    const rows = members.slice(0, shown).flatMap(({ server: name, labels }) => {
      const own = new Set(scopesOf(name, labels).map(scopeKey));
      const reaching = decisions.filter(({ scope }) => own.has(scopeKey(scope)));
      return consentAt({ decisions: reaching, server: name, labels, agreements, at, knownAt }).map((row) => ({ server: name, ...row }));
    });
    return { ok: true, value: { at, knownAt, rows, rowsLeft: Math.max(0, members.length - shown) * agreements.length } };
  }

  async #decisions(members: readonly Membership[], knownAt: string): Promise<Decision[]> {
    const scopes = [...new Set(members.flatMap(({ server, labels }) => scopesOf(server, labels).map(scopeKey)))];
    const rows = await this.dataSource.query<{ document: Decision }[]>(`SELECT document FROM consent.decision WHERE scope_key = ANY($1) AND document ->> 'recordedAt' <= $2 ORDER BY position`, [scopes, knownAt]);
    return rows.map(({ document }) => document);
  }
}
