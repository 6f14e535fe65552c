import { randomUUID } from 'node:crypto';
import { newestOf, published, standingOf } from '@mailwarden/consent';
import { eventType, MESSAGE_TYPES, scopeKey, SIGNING_CONTEXTS, subjects, type ConsentEntry, type Decision, type DecideRequest, type Evidence, type Membership, type RecordedDecision, type SignedConsentEntry } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, signDocument, suggestionFor, type Instant, type Signer } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import type { EntityManager } from 'typeorm';
import type { Agreements } from './agreements.js';
import { Refused } from './refused.js';

/** An older document is recorded as of its own day, up to so many days back. */
const BACKDATED_DAYS_MAX = 366;
/** How far another clock may be ahead. Units: milliseconds. */
const AHEAD_MS_MAX = 60_000;
const DAY_MS = 86_400_000;

/** What a decision has besides what was asked for. */
type More = Pick<Decision, 'documentSha256' | 'confirmedBy'>;

/** Writes decisions within a transaction: a decision, its entry to be published, its event and its evidence commit together. */
export class DecisionRecorder {
  constructor(
    private readonly signer: Signer,
    private readonly agreements: Agreements,
    private readonly members: () => readonly Membership[],
  ) {}

  /** Errors: throws `Refused`, in words what is wrong with the request. */
  async record(tx: EntityManager, request: DecideRequest, more: More = {}): Promise<RecordedDecision> {
    this.#check(request);
    return this.#write(tx, request, more);
  }

  /** Errors: throws `Refused`. */
  #check({ agreement, scope, validUntil, decidedAt }: DecideRequest): void {
    const unknown = this.agreements.unknown(agreement);
    if (unknown !== null) throw new Refused('unknown-agreement', unknown);
    const nowMs = Date.now();
    if (validUntil !== null && validUntil <= instantOf(nowMs)) throw new Refused('already-over', 'the decision would be over before it begins; choose a later end');
    if (decidedAt !== null && Date.parse(decidedAt) > nowMs + AHEAD_MS_MAX) throw new Refused('in-the-future', `${decidedAt} is still to come; a decision counts from when it was made`);
    if (decidedAt !== null && Date.parse(decidedAt) < nowMs - BACKDATED_DAYS_MAX * DAY_MS) throw new Refused('too-long-ago', `${decidedAt} is more than ${BACKDATED_DAYS_MAX} days ago; have the decision made anew`);
    if (scope.kind === 'server' && !this.members().some(({ server }) => server === scope.server)) {
      const meant = suggestionFor(scope.server, this.members().map(({ server }) => server));
      throw new Refused('unknown-server', `no server of the fleet is called ${scope.server}${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
  }

  /** The text that a decision is about: the one that it names, or the newest; a refusal that names none is of every text. Errors: throws `Refused` for one that nobody knows. */
  async #textOf(tx: EntityManager, { agreement, textSha256, action }: DecideRequest, at: Instant): Promise<Decision['textSha256']> {
    if (textSha256 === null) return action === 'grant' ? this.agreements.newestText(tx, agreement, at) : null;
    if (!(await this.agreements.isKnown(tx, agreement, textSha256))) throw new Refused('unknown-text', `no text of ${agreement} has the hash ${textSha256}; give the text in first`);
    return textSha256;
  }

  /** Decisions take turns, and each is recorded later than the one before it, whichever instance's clock says what: agents judge by the instant, also between scopes, so that it may not contradict the order. */
  async #write(tx: EntityManager, request: DecideRequest, more: More): Promise<RecordedDecision> {
    const key = scopeKey(request.scope);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, ['consent decisions']);
    const [last] = await tx.query<{ at: string | null }[]>(`SELECT document ->> 'recordedAt' AS at FROM consent.decision ORDER BY position DESC LIMIT 1`);
    const now = instantOf(Math.max(Date.now(), Date.parse(last?.at ?? instantOf(0)) + 1));
    const textSha256 = await this.#textOf(tx, request, now);
    const decision: Decision = { ...request, id: randomUUID(), textSha256, decidedAt: request.decidedAt === null || request.decidedAt > now ? now : request.decidedAt, recordedAt: now, ...more };
    await tx.query(`INSERT INTO consent.decision (id, agreement, scope_key, document) VALUES ($1, $2, $3, $4)`, [decision.id, decision.agreement, key, JSON.stringify(decision)]);
    const { counts, revision } = await this.#writeEntry(tx, decision, key, now);
    await this.#announce(tx, decision, { key, revision }, now);
    return { ...decision, outrankedBy: counts.id === decision.id ? null : { decision: counts.id, action: counts.action, decidedAt: counts.decidedAt } };
  }

  /** Returns the decision that counts now for the agreement in the scope, and the revision that brings it to agents. The entry carries, per agreement, the newest decision and the newest refusal: a refusal outlives a later grant of its own scope. Source: decision 0004. */
  async #writeEntry(tx: EntityManager, decision: Decision, key: string, now: Decision['decidedAt']): Promise<{ counts: Decision; revision: number }> {
    const rows = await tx.query<{ document: Decision }[]>(`SELECT document FROM consent.decision WHERE scope_key = $1 ORDER BY position`, [key]);
    const own = rows.map(({ document }) => document);
    const decisions = standingOf(own).map(published);
    const [present] = await tx.query<{ revision: string }[]>(`SELECT revision FROM consent.scope WHERE scope_key = $1`, [key]);
    const entry: ConsentEntry = { schema: 'mailwarden/consent-entry/v1', scope: decision.scope, revision: Number(present?.revision ?? 0) + 1, decisions, publishedAt: now };
    const signed: SignedConsentEntry = signDocument(this.signer, SIGNING_CONTEXTS.consent, entry);
    await tx.query(
      `INSERT INTO consent.scope (scope_key, scope, revision, document) VALUES ($1, $2, $3, $4) ON CONFLICT (scope_key) DO UPDATE SET revision = excluded.revision, document = excluded.document`,
      [key, JSON.stringify(decision.scope), entry.revision, JSON.stringify(signed)],
    );
    return { counts: newestOf(own.filter(({ agreement }) => agreement === decision.agreement)) ?? decision, revision: entry.revision };
  }

  /** Neither the event nor the evidence names the person. */
  async #announce(tx: EntityManager, decision: Decision, { key, revision }: { key: string; revision: number }, now: Decision['decidedAt']): Promise<void> {
    const { id, agreement, action } = decision;
    const severity = action === 'grant' ? 'info' : 'medium';
    const server = decision.scope.kind === 'server' ? decision.scope.server : 'fleet';
    await enqueue(tx, { id: `decided-${id}`, subject: subjects.event('consent.decided', severity, server), type: eventType('consent.decided'), data: { event: 'consent.decided', server, severity, at: now, detail: { decision: id, agreement, action, scope: key } } });
    const evidence: Evidence = { schema: 'mailwarden/evidence/v1', kind: 'decision', id, service: 'consent', at: now, documentSha256: sha256(canonicalJson(decision)), facts: { agreement, action, scope: key, revision } };
    await enqueue(tx, { id: `evidence-${id}`, subject: subjects.evidence('consent'), type: MESSAGE_TYPES.evidence, data: evidence });
  }
}
