import { consentReceipt, consentRecord, type ConsentRecordDocument, type Reach, type RecordedAgreement } from '@mailwarden/consent';
import { scopeKey, scopesOf, type Answer, type ConsentRecordRequest, type Decision, type Membership } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { Agreements } from '../record-decision/agreements.js';
import { goneAgreement } from './recorded-agreements.js';

interface DecisionRow {
  readonly scope_key: string;
  readonly document: Decision;
  /** Revision of the scope's entry that brought this decision. */
  readonly revision: string;
}

interface AttestedRow {
  readonly server: string;
  readonly applied_at: Date;
  readonly revisions: Readonly<Record<string, number>>;
}

/** Writes consent records and receipts, from what is recorded and attested now. */
export class ConsentRecords {
  constructor(
    private readonly dataSource: DataSource,
    private readonly agreements: Agreements,
    private readonly known: ReadonlyMap<string, RecordedAgreement>,
    private readonly members: () => readonly Membership[],
  ) {}

  /** Errors: an answer that says that there is no such agreement or decision, or that nothing was decided yet. */
  async write({ agreement, decision }: ConsentRecordRequest): Promise<Answer<ConsentRecordDocument>> {
    const rows = await this.#decisions(agreement);
    if (rows.length === 0) {
      const unknown = this.agreements.unknown(agreement);
      return unknown === null ? { ok: false, code: 'no-decision', detail: `nothing was decided on ${agreement} yet, so that there is no record` } : { ok: false, code: 'unknown-agreement', detail: unknown };
    }
    const parts = {
      agreement: this.known.get(agreement) ?? goneAgreement(agreement),
      texts: (await this.agreements.texts()).filter((text) => text.agreement === agreement),
      decisions: rows.map(({ document }) => document),
      reached: await this.#reached(decision === null ? rows : rows.filter(({ document }) => document.id === decision)),
      at: instantOf(Date.now()),
    };
    if (decision === null) return { ok: true, value: consentRecord(parts) };
    const receipt = consentReceipt(parts, decision);
    return receipt === null ? { ok: false, code: 'unknown-decision', detail: `no decision on ${agreement} is called ${decision}` } : { ok: true, value: receipt };
  }

  /** Each decision raises its scope's revision by one, whatever the agreement: so its place among all of the scope is the revision that brought it. */
  #decisions(agreement: string): Promise<DecisionRow[]> {
    return this.dataSource.query<DecisionRow[]>(
      `SELECT scope_key, document, revision FROM (
         SELECT scope_key, document, agreement, row_number() OVER (PARTITION BY scope_key ORDER BY position) AS revision FROM consent.decision
         WHERE scope_key IN (SELECT scope_key FROM consent.decision WHERE agreement = $1)
       ) AS of_scopes WHERE agreement = $1`,
      [agreement],
    );
  }

  async #reached(rows: readonly DecisionRow[]): Promise<Reach[]> {
    const servers = this.#serversOf(new Set(rows.map((row) => row.scope_key)));
    const attested = await this.dataSource.query<AttestedRow[]>(`SELECT server, applied_at, revisions FROM consent.attested WHERE server = ANY($1)`, [[...new Set([...servers.values()].flat())]]);
    const byServer = new Map(attested.map((row) => [row.server, row]));
    return rows.map(({ scope_key: scope, document, revision }) => {
      const own = servers.get(scope) ?? [];
      const applied = own.flatMap((server) => byServer.get(server) ?? []).filter(({ revisions }) => (revisions[scope] ?? 0) >= Number(revision));
      return { decision: document.id, servers: own, attested: applied.map(({ server, applied_at }) => ({ server, at: instantOf(applied_at.getTime()) })) };
    });
  }

  /** Servers of the fleet in each scope, by the labels that they bear now. */
  #serversOf(scopes: ReadonlySet<string>): ReadonlyMap<string, string[]> {
    const pairs = this.members().flatMap(({ server, labels }) => scopesOf(server, labels).map(scopeKey).filter((scope) => scopes.has(scope)).map((scope) => ({ scope, server })));
    return new Map([...Map.groupBy(pairs, ({ scope }) => scope)].map(([scope, own]) => [scope, own.map(({ server }) => server)]));
  }
}
