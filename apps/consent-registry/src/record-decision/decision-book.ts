import { randomUUID } from 'node:crypto';
import { eventType, MESSAGE_TYPES, scopeKey, SIGNING_CONTEXTS, subjects, type Answer, type ConsentEntry, type Decision, type DecideRequest, type Evidence, type PublishedDecision, type SignedConsentEntry } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, signDocument, suggestionFor, type Signer } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import type { DataSource, EntityManager } from 'typeorm';
import type { Agreements } from './agreements.js';

/** System of record for decisions. A decision, its published entry, its event and its evidence commit together. */
export class DecisionBook {
  constructor(
    private readonly dataSource: DataSource,
    private readonly signer: Signer,
    private readonly agreements: Agreements,
    private readonly publish: () => void,
  ) {}

  /** Records what a person decided. Errors: an answer that says what is wrong; nothing is recorded then. */
  async decide(request: DecideRequest): Promise<Answer<Decision>> {
    const known = this.agreements.ids();
    if (!known.includes(request.agreement)) {
      const meant = suggestionFor(request.agreement, known);
      return { ok: false, code: 'unknown-agreement', detail: `no agreement is called ${request.agreement}${meant === undefined ? `; known: ${known.join(', ')}` : `; did you mean ${meant}?`}` };
    }
    const now = instantOf(Date.now());
    if (request.validUntil !== null && request.validUntil <= now) return { ok: false, code: 'already-over', detail: 'the decision would be over before it begins; choose a later end' };
    const decision = await this.dataSource.transaction((tx) => this.#record(tx, request));
    this.publish();
    return { ok: true, value: decision };
  }

  /** Decisions of a scope take turns, and each is later than the one before it: agents judge by the instant, so that it may not contradict the order. */
  async #record(tx: EntityManager, request: DecideRequest): Promise<Decision> {
    const key = scopeKey(request.scope);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`consent ${key}`]);
    const [last] = await tx.query<{ at: string | null }[]>(`SELECT document #>> '{payload,publishedAt}' AS at FROM consent.scope WHERE scope_key = $1`, [key]);
    const now = instantOf(Math.max(Date.now(), Date.parse(last?.at ?? instantOf(0)) + 1));
    const textSha256 = request.textSha256 ?? (request.action === 'grant' ? await this.agreements.newestText(tx, request.agreement) : null);
    const decision: Decision = { ...request, id: randomUUID(), textSha256, decidedAt: now, recordedAt: now };
    await tx.query(`INSERT INTO consent.decision (id, agreement, scope_key, document) VALUES ($1, $2, $3, $4)`, [decision.id, decision.agreement, key, JSON.stringify(decision)]);
    await this.#writeEntry(tx, decision, key, now);
    await this.#announce(tx, decision, key, now);
    return decision;
  }

  /** The entry carries, per agreement, the newest decision and the newest refusal: a refusal outlives a later grant of its own scope. Source: decision 0004. */
  async #writeEntry(tx: EntityManager, decision: Decision, key: string, now: Decision['decidedAt']): Promise<void> {
    const rows = await tx.query<{ document: Decision }[]>(
      `SELECT DISTINCT ON (agreement, refusal) document FROM (SELECT agreement, position, document, false AS refusal FROM consent.decision WHERE scope_key = $1
       UNION ALL SELECT agreement, position, document, true FROM consent.decision WHERE scope_key = $1 AND document ->> 'action' <> 'grant') d
       ORDER BY agreement, refusal, position DESC`,
      [key],
    );
    const decisions = new Map(rows.map(({ document }): [string, PublishedDecision] => [document.id, { decision: document.id, agreement: document.agreement, textSha256: document.textSha256, action: document.action, decidedAt: document.decidedAt, validUntil: document.validUntil }]));
    const [present] = await tx.query<{ revision: string }[]>(`SELECT revision FROM consent.scope WHERE scope_key = $1`, [key]);
    const entry: ConsentEntry = { schema: 'mailwarden/consent-entry/v1', scope: decision.scope, revision: Number(present?.revision ?? 0) + 1, decisions: [...decisions.values()], publishedAt: now };
    const signed: SignedConsentEntry = signDocument(this.signer, SIGNING_CONTEXTS.consent, entry);
    await tx.query(
      `INSERT INTO consent.scope (scope_key, scope, revision, document) VALUES ($1, $2, $3, $4) ON CONFLICT (scope_key) DO UPDATE SET revision = excluded.revision, document = excluded.document`,
      [key, JSON.stringify(decision.scope), entry.revision, JSON.stringify(signed)],
    );
  }

  /** Neither the event nor the evidence names the person. */
  async #announce(tx: EntityManager, decision: Decision, key: string, now: Decision['decidedAt']): Promise<void> {
    const { id, agreement, action } = decision;
    const severity = action === 'grant' ? 'info' : 'medium';
    const server = decision.scope.kind === 'server' ? decision.scope.server : 'fleet';
    await enqueue(tx, { id: `decided-${id}`, subject: subjects.event('consent.decided', severity, server), type: eventType('consent.decided'), data: { event: 'consent.decided', server, severity, at: now, detail: { decision: id, agreement, action, scope: key } } });
    const evidence: Evidence = { schema: 'mailwarden/evidence/v1', kind: 'decision', id, service: 'consent', at: now, documentSha256: sha256(canonicalJson(decision)), facts: { agreement, action, scope: key } };
    await enqueue(tx, { id: `evidence-${id}`, subject: subjects.evidence('consent'), type: MESSAGE_TYPES.evidence, data: evidence });
  }
}
