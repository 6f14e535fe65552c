import { agentSource, type EnrolmentRequest, type SignedMembership, type WaitingServer } from '@mailwarden/contracts';
import { keyIdOf, uuidOf, type Instant } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { SequenceBook } from '../keep-sequences/sequence-book.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { instantFrom } from '../schema/instants.js';
import type { AdmittedServer, FleetRegister } from './fleet-register.js';
import type { Removals } from './removals.js';
import { isAllowedFrom, isOfToken, type Refusal } from './request-check.js';
import type { KnownToken, TokenBook } from './token-book.js';

/** What became of a request. */
export type Decided = { readonly state: 'enrolled'; readonly membership: SignedMembership; /** Servers whose memberships have changed, and are to be brought onto the bus. */ readonly changed: readonly string[] } | { readonly state: 'waiting' } | ({ readonly state: 'refused' } & Refusal);

interface AskedRow {
  readonly id: string;
  readonly token: string;
  readonly server: string;
  readonly profiles: AdmittedServer['profiles'];
  readonly agent_key: string;
  readonly executor_key: string;
  readonly bus_key: string;
  readonly address: string;
  readonly state: 'waiting' | 'enrolled' | 'rejected';
  readonly asked_at: Date;
}

const refused = (code: string, detail: string): Decided => ({ state: 'refused', code, detail });
const REJECTED = refused('rejected', 'an operator refused to let this server in');
const NOT_OPEN = {
  'used-up': 'every use of this token is spent; have a new one made',
  expired: 'this token has run out; have a new one made',
  withdrawn: 'this token was taken back; have a new one made',
} as const;
/** Servers that wait, as a list shows them; no more may wait at a time. */
const WAITING_MAX = 1_000;

/** Decides who is let in. Each request counts once, however often it is sent: it is known by its token and its agent's key. */
export class EnrolmentDesk {
  constructor(
    private readonly parts: { readonly dataSource: DataSource; readonly tokens: TokenBook; readonly register: FleetRegister; readonly removals: Removals; readonly events: EventOutbox; readonly sequences: SequenceBook; readonly knowsProfile: (id: string) => boolean },
  ) {}

  /** Takes a request whose keys were checked. `address` is where it came from, as the broker saw it. */
  async ask(raw: unknown, request: EnrolmentRequest, address: string, now: Instant): Promise<Decided> {
    const { dataSource, events } = this.parts;
    const decided = await dataSource.transaction(async (tx) => {
      const outcome = await this.#decide(tx, raw, request, address, now);
      if (outcome.state === 'refused') await events.raise(tx, 'server.refused', { id: uuidOf('server-refused', request.token, request.agentKey, outcome.code), server: 'fleet', severity: 'medium', at: now, detail: { token: request.token, code: outcome.code } });
      return outcome;
    });
    events.kick();
    return decided;
  }

  async waiting(): Promise<WaitingServer[]> {
    const rows = await this.parts.dataSource.query<AskedRow[]>(`SELECT * FROM reporting.enrolment WHERE state = 'waiting' ORDER BY asked_at LIMIT ${WAITING_MAX}`);
    return rows.map(({ id, token, server, address, agent_key, asked_at }) => ({ id, token, server: server as WaitingServer['server'], address, agentKeyId: keyIdOf(agent_key), askedAt: instantFrom(asked_at) }));
  }

  /** A person's word on a server that waits. Null where none waits under this id; a refusal where it cannot be let in any more. */
  async answer(id: string, action: 'approve' | 'reject', by: string, now: Instant): Promise<Decided | null> {
    const decided = await this.parts.dataSource.transaction(async (tx) => {
      const [row] = await tx.query<AskedRow[]>(`SELECT * FROM reporting.enrolment WHERE id = $1 AND state = 'waiting' FOR UPDATE`, [id]);
      if (row === undefined) return null;
      if (action === 'reject') {
        await this.#close(tx, row, 'rejected', by, now);
        return REJECTED;
      }
      const token = await this.parts.tokens.lock(tx, row.token, now);
      if (token === null || token.state === 'withdrawn') return refused('withdrawn', NOT_OPEN.withdrawn);
      const taken = await this.#whyTaken(tx, row.server, row.agent_key, token);
      return taken ?? this.#admit(tx, row, token, by, now);
    });
    this.parts.events.kick();
    return decided;
  }

  async #decide(tx: EntityManager, raw: unknown, request: EnrolmentRequest, address: string, now: Instant): Promise<Decided> {
    const { tokens, register } = this.parts;
    const token = await tokens.lock(tx, request.token, now);
    if (token === null || !isOfToken(raw, token.verifyingKey)) return refused('token-unknown', 'this token is not known here; have a new one made with: mailwarden enrol token');
    if (token.state === 'withdrawn') return refused(token.state, NOT_OPEN.withdrawn);
    if (!isAllowedFrom(address, token.terms.addresses)) return refused('address-not-allowed', `this token does not count from the address ${address}`);
    const [asked] = await tx.query<AskedRow[]>(`SELECT * FROM reporting.enrolment WHERE token = $1 AND agent_key = $2`, [request.token, request.agentKey]);
    if (asked !== undefined) return this.#again(asked, request, (server) => register.membershipOf(server));
    if (token.state !== 'open') return refused(token.state, NOT_OPEN[token.state]);
    return this.#first(tx, request, token, address, now);
  }

  /** The same server again: its answer was lost, or it asks whether somebody has agreed. */
  async #again(asked: AskedRow, request: EnrolmentRequest, membershipOf: (server: string) => Promise<SignedMembership | null>): Promise<Decided> {
    if (asked.server !== request.server || asked.executor_key !== request.executorKey || asked.bus_key !== request.busKey) return refused('keys-changed', 'this key has asked before, with another name or other keys beside it; begin anew in an empty folder');
    if (asked.state === 'rejected') return REJECTED;
    if (asked.state === 'waiting') return { state: 'waiting' };
    const membership = await membershipOf(asked.server);
    if (membership?.payload.status !== 'active' || membership.payload.agentKey !== asked.agent_key || membership.payload.bus?.keys.includes(asked.bus_key) !== true) return refused('removed', 'this server was enrolled by these keys and was taken out, or enrolled anew, since; begin anew with a new token');
    return { state: 'enrolled', membership, changed: [asked.server] };
  }

  async #first(tx: EntityManager, request: EnrolmentRequest, token: KnownToken, address: string, now: Instant): Promise<Decided> {
    const profiles = token.terms.profiles.length > 0 ? token.terms.profiles : request.profiles;
    if (profiles.length === 0) return refused('no-profile', 'no product was found on this server, and the token names none; have a token made with --profile');
    const unknown = profiles.find((profile) => !this.parts.knowsProfile(profile));
    if (unknown !== undefined) return refused('profile-unknown', `the control plane knows no profile ${unknown}`);
    const taken = await this.#whyTaken(tx, request.server, request.agentKey, token);
    if (taken !== null) return taken;
    const id = uuidOf('enrolment', request.token, request.agentKey);
    const [row] = await tx.query<AskedRow[]>(
      `INSERT INTO reporting.enrolment (id, token, server, profiles, agent_key, executor_key, bus_key, address, state, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', $9) RETURNING *`,
      [id, request.token, request.server, JSON.stringify(profiles), request.agentKey, request.executorKey, request.busKey, address, now],
    );
    await this.parts.tokens.spend(tx, token.id);
    if (!token.terms.approval) return this.#admit(tx, row as AskedRow, token, null, now);
    await this.parts.events.raise(tx, 'server.waiting', { id: uuidOf('server-waiting', id), server: 'fleet', severity: 'low', at: now, detail: { request: id, token: token.id } });
    return { state: 'waiting' };
  }

  /** A name belongs to whoever has it, also after it was taken out: only a token that says so gives it to another machine. */
  async #whyTaken(tx: EntityManager, server: string, agentKey: string, { terms }: KnownToken): Promise<Decided | null> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('enrol ' || $1, 0))`, [server]);
    const [known] = await tx.query<{ agent_key: string }[]>(`SELECT agent_key FROM reporting.server WHERE name = $1 AND NOT (status = 'active' AND agent_key = $2)`, [server, agentKey]);
    if (known === undefined || terms.replaces === server) return null;
    return refused('name-taken', `there is or was a server ${server}; take another name, or have a token made that says so: mailwarden enrol token --replaces ${server}`);
  }

  async #admit(tx: EntityManager, row: AskedRow, token: KnownToken, by: string | null, now: Instant): Promise<Decided> {
    const { register, removals, events, sequences } = this.parts;
    const { replaces, labels } = token.terms;
    const replaced = replaces !== null && replaces !== row.server ? [replaces] : [];
    for (const server of replaced) await removals.remove(tx, server, 'retired', `replaced by ${row.server}`, by, now);
    const membership = await register.admit(tx, { server: row.server as AdmittedServer['server'], labels, profiles: row.profiles, agentKey: row.agent_key, executorKey: row.executor_key, busKey: row.bus_key }, token.id, now);
    await sequences.beginAgain(tx, agentSource(row.server), now);
    await this.#close(tx, row, 'enrolled', by, now);
    await events.raise(tx, 'server.enrolled', { id: uuidOf('server-enrolled', row.id), server: row.server, severity: 'info', at: now, detail: { token: token.id, replaces: replaces ?? '' } });
    return { state: 'enrolled', membership, changed: [...replaced, row.server] };
  }

  async #close(tx: EntityManager, row: AskedRow, state: 'enrolled' | 'rejected', by: string | null, now: Instant): Promise<void> {
    await tx.query(`UPDATE reporting.enrolment SET state = $2, answered_at = $3, answered_by = $4 WHERE id = $1`, [row.id, state, now, by]);
    if (by !== null) await this.parts.removals.recordAction(tx, state === 'enrolled' ? 'server-approved' : 'server-rejected', row.server, by, now);
  }
}
