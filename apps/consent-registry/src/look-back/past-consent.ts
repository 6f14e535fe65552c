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
    const agreements = this.agreements.all().map(({ id }) => ({ id, textSha256: TEXT }));
    const shown = members.slice(0, Math.floor(PAST_ROWS_MAX / Math.max(1, agreements.length)));
    const decisions = await this.#decisions(shown, knownAt);
    const rows = shown.flatMap(({ server: name, labels }) => {
      const reaching = scopesOf(name, labels).flatMap((scope) => decisions.get(scopeKey(scope)) ?? []);
      return consentAt({ decisions: reaching, server: name, labels, agreements, at, knownAt }).map((row) => ({ server: name, ...row }));
    });
    return { ok: true, value: { at, knownAt, rows, rowsLeft: (members.length - shown.length) * agreements.length } };
  }

  /** Decisions of the scopes that these servers are in, by scope. */
  async #decisions(members: readonly Membership[], knownAt: string): Promise<ReadonlyMap<string, Decision[]>> {
    const scopes = [...new Set(members.flatMap(({ server, labels }) => scopesOf(server, labels).map(scopeKey)))];
    const rows = await this.dataSource.query<{ scope_key: string; document: Decision }[]>(`SELECT scope_key, document FROM consent.decision WHERE scope_key = ANY($1) AND document ->> 'recordedAt' <= $2 ORDER BY position`, [scopes, knownAt]);
    return new Map([...Map.groupBy(rows, (row) => row.scope_key)].map(([scope, own]) => [scope, own.map(({ document }) => document)]));
  }
}
