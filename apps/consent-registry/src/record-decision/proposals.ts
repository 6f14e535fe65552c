import { randomUUID } from 'node:crypto';
import { eventType, PROPOSED_SHOWN_MAX, subjects, type EventPayload, type Proposal, type ProposalSummary } from '@mailwarden/contracts';
import { formatDuration, instantOf, type Instant } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import type { DataSource, EntityManager } from 'typeorm';
import { Refused } from './refused.js';

/** A proposal that nobody answers lapses. Units: milliseconds. */
const PROPOSAL_LIFE_MS = 7 * 86_400_000;
/** Proposals that may wait at once. */
const WAITING_MAX = 100;

type Closed = 'confirmed' | 'rejected' | 'lapsed';
interface ProposalRow {
  readonly id: string;
  readonly document: Pick<Proposal, 'decisions' | 'documentSha256'>;
  readonly proposed_by: string;
  readonly proposed_at: Date;
  readonly lapses_at: Date;
  readonly state: 'waiting' | Closed;
}

const proposalOf = ({ id, document, proposed_by: proposedBy, proposed_at, lapses_at }: ProposalRow): Proposal => ({ ...document, id, proposedBy, proposedAt: instantOf(proposed_at.getTime()), lapsesAt: instantOf(lapses_at.getTime()) });
const summaryOf = ({ decisions, ...facts }: Proposal): ProposalSummary => ({ ...facts, decisions: decisions.slice(0, PROPOSED_SHOWN_MAX), count: decisions.length });

/** What one person would have recorded, until another one says so. Rows are closed and never changed or removed. */
export class Proposals {
  constructor(private readonly dataSource: DataSource) {}

  /** Those that wait, the oldest first. */
  async waiting(): Promise<ProposalSummary[]> {
    const rows = await this.dataSource.query<ProposalRow[]>(`SELECT * FROM consent.proposal WHERE state = 'waiting' AND lapses_at > $1 ORDER BY proposed_at, id LIMIT ${WAITING_MAX}`, [instantOf(Date.now())]);
    return rows.map((row) => summaryOf(proposalOf(row)));
  }

  /** With all of its decisions, also when it is closed. Errors: throws `Refused`. */
  async whole(id: string): Promise<Proposal> {
    const [row] = await this.dataSource.query<ProposalRow[]>(`SELECT * FROM consent.proposal WHERE id = $1`, [id]);
    if (row === undefined) throw new Refused('unknown-proposal', 'nothing with this id was proposed');
    return proposalOf(row);
  }

  /** Errors: throws `Refused` where too many wait already. */
  async propose(tx: EntityManager, { decisions, proposedBy, documentSha256 }: Pick<Proposal, 'decisions' | 'proposedBy' | 'documentSha256'>): Promise<ProposalSummary> {
    const nowMs = Date.now();
    await this.#lapse(tx, instantOf(nowMs));
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, ['consent proposals']);
    const [waiting] = await tx.query<{ n: string }[]>(`SELECT count(*) AS n FROM consent.proposal WHERE state = 'waiting'`);
    if (Number(waiting?.n) >= WAITING_MAX) throw new Refused('too-many', `${WAITING_MAX} proposals wait for a second person already; have some of them confirmed or rejected first`);
    const proposal: Proposal = { id: randomUUID(), decisions, documentSha256, proposedBy, proposedAt: instantOf(nowMs), lapsesAt: instantOf(nowMs + PROPOSAL_LIFE_MS) };
    await tx.query(`INSERT INTO consent.proposal (id, document, proposed_by, proposed_at, lapses_at) VALUES ($1, $2, $3, $4, $5)`, [proposal.id, JSON.stringify({ decisions, documentSha256 }), proposedBy, proposal.proposedAt, proposal.lapsesAt]);
    const agreements = [...new Set(decisions.map(({ agreement }) => agreement))].sort().slice(0, 20);
    await this.#say(tx, 'consent.proposed', `proposed-${proposal.id}`, proposal.proposedAt, { proposal: proposal.id, decisions: decisions.length, agreements, lapsesAt: proposal.lapsesAt });
    return summaryOf(proposal);
  }

  /** One that waits, kept from all others until the transaction ends. Errors: throws `Refused` where it is closed, has lapsed or never was. */
  async open(tx: EntityManager, id: string): Promise<Proposal> {
    const [row] = await tx.query<ProposalRow[]>(`SELECT * FROM consent.proposal WHERE id = $1 FOR UPDATE`, [id]);
    if (row === undefined) throw new Refused('unknown-proposal', 'nothing with this id was proposed');
    if (row.state !== 'waiting') throw new Refused('closed-proposal', `it is ${row.state} already`);
    if (row.lapses_at.getTime() <= Date.now()) throw new Refused('closed-proposal', `nobody answered it within ${formatDuration(PROPOSAL_LIFE_MS / 1000)}, and it has lapsed; have it proposed anew`);
    return proposalOf(row);
  }

  async close(tx: EntityManager, id: string, state: Closed, by: string | null, reason: string, at: Instant = instantOf(Date.now())): Promise<void> {
    await tx.query(`UPDATE consent.proposal SET state = $2, closed_by = $3, reason = $4, closed_at = $5 WHERE id = $1`, [id, state, by, reason, at]);
    await this.#say(tx, 'consent.answered', `answered-${id}`, at, { proposal: id, answer: state });
  }

  async #lapse(tx: EntityManager, now: Instant): Promise<void> {
    const due = await tx.query<Pick<ProposalRow, 'id'>[]>(`SELECT id FROM consent.proposal WHERE state = 'waiting' AND lapses_at <= $1 FOR UPDATE SKIP LOCKED`, [now]);
    for (const { id } of due) await this.close(tx, id, 'lapsed', null, 'nobody answered in time', now);
  }

  /** No event names a person. */
  async #say<N extends 'consent.proposed' | 'consent.answered'>(tx: EntityManager, event: N, id: string, at: Instant, detail: EventPayload<N>): Promise<void> {
    await enqueue(tx, { id, subject: subjects.event(event, 'info', 'fleet'), type: eventType(event), data: { event, server: 'fleet', severity: 'info', at, detail } });
  }
}
