import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { instantOf, sha256, uuidOf, type Instant, type Sha256, type Signer } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { LedgerBook } from '../append-evidence/ledger-book.js';
import type { Role } from '../http/route.js';
import type { EventOutbox } from '../say-event/event-outbox.js';
import { OperatorActions } from './operator-actions.js';
import type { Principal } from './principal.js';

/** Units: milliseconds. */
export const SESSION_MS = 12 * 3_600_000;
/** What only its holder knows; kept here as a hash. */
export const secret = (): string => randomBytes(32).toString('base64url');
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** A session just begun: the token goes to the browser once and is kept here only as a hash. */
export interface StartedSession {
  readonly token: string;
  readonly principal: Principal;
}

/** Sessions and passwords of the operators. Source: OWASP's parameters for argon2id. */
export class SessionBook {
  readonly #actions: OperatorActions;
  readonly #endListeners = new Set<(session: string) => void>();
  #decoy: Promise<string> | null = null;

  constructor(
    private readonly dataSource: DataSource,
    ledger: LedgerBook,
    private readonly events: EventOutbox,
    signer: Signer,
  ) {
    this.#actions = new OperatorActions(ledger, signer);
  }

  /** Privacy: outside the service an operator is a keyed hash. */
  nameHash(name: string): Sha256 {
    return this.#actions.nameHash(name);
  }

  async start(name: string, role: Role, means: 'link' | 'password'): Promise<StartedSession> {
    const token = secret();
    const csrf = secret();
    const startedMs = Date.now();
    const at = instantOf(startedMs);
    await this.dataSource.transaction(async (tx) => {
      await tx.query(`DELETE FROM reporting.session WHERE expires_at < $1`, [at]);
      await tx.query(`INSERT INTO reporting.session (token_hash, name, role, csrf, started_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`, [
        sha256(token),
        name,
        role,
        csrf,
        at,
        instantOf(startedMs + SESSION_MS),
      ]);
      const detail = { operator: this.nameHash(name), means };
      await this.events.raise(tx, 'operator.signed-in', { id: uuidOf('signed-in', sha256(token)), server: 'fleet', severity: 'info', at, detail });
      await this.#record(tx, 'signed-in', name, at);
    });
    this.events.kick();
    return { token, principal: { name, role, csrf, session: sha256(token) } };
  }

  async find(token: string): Promise<Principal | null> {
    const session = sha256(token);
    const [row] = await this.dataSource.query<{ name: string; role: Role; csrf: string }[]>(`SELECT name, role, csrf FROM reporting.session WHERE token_hash = $1 AND expires_at > now()`, [session]);
    return row === undefined ? null : { ...row, session };
  }

  /** Whether a session still stands; it may have been ended by another instance, or by the clock. */
  async isLive(session: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(`SELECT 1 FROM reporting.session WHERE token_hash = $1 AND expires_at > now()`, [session]);
    return rows.length > 0;
  }

  async end(session: string): Promise<void> {
    await this.dataSource.query(`DELETE FROM reporting.session WHERE token_hash = $1`, [session]);
    this.#tellEnded([session]);
  }

  /** Tells of sessions that this instance ended. Returns how to stop listening. */
  onEnded(listener: (session: string) => void): () => void {
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  #tellEnded(sessions: readonly string[]): void {
    for (const session of sessions) for (const listener of this.#endListeners) listener(session);
  }

  /** Sets the password of whoever asks and ends that person's other sessions. */
  async setPassword({ name, role, session }: Principal, password: string): Promise<void> {
    const passwordHash = await hash(password, ARGON2);
    const at = instantOf(Date.now());
    const ended = await this.dataSource.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO reporting.operator (name, role, password_hash, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at`,
        [name, role, passwordHash, at],
      );
      const others = await tx.query<{ token_hash: string }[]>(`SELECT token_hash FROM reporting.session WHERE name = $1 AND token_hash IS DISTINCT FROM $2 FOR UPDATE`, [name, session]);
      await tx.query(`DELETE FROM reporting.session WHERE token_hash = ANY($1::text[])`, [others.map((other) => other.token_hash)]);
      await this.#record(tx, 'password-set', name, at);
      return others.map((other) => other.token_hash);
    });
    this.#tellEnded(ended);
  }

  /** Voids the password of a person and ends their sessions, together with some other change. `asker` is who did it. */
  async shutOut(name: string, action: 'operator-added' | 'operator-removed', asker: string, change: (tx: EntityManager) => Promise<unknown>): Promise<void> {
    const ended = await this.dataSource.transaction(async (tx) => {
      await change(tx);
      await tx.query(`DELETE FROM reporting.operator WHERE name = $1`, [name]);
      const [sessions] = await tx.query<[{ token_hash: string }[], number]>(`DELETE FROM reporting.session WHERE name = $1 RETURNING token_hash`, [name]);
      await this.#record(tx, action, name, instantOf(Date.now()), asker);
      return sessions.map(({ token_hash }) => token_hash);
    });
    this.#tellEnded(ended);
  }

  /** Returns the role of the operator whose password this is. Safety: takes as long for a name that nobody has. */
  async roleOf(name: string, password: string): Promise<Role | null> {
    const [row] = await this.dataSource.query<{ role: Role; password_hash: string }[]>(`SELECT role, password_hash FROM reporting.operator WHERE name = $1`, [name]);
    this.#decoy ??= hash(secret(), ARGON2);
    const holds = await verify(row?.password_hash ?? (await this.#decoy), password);
    return row !== undefined && holds ? row.role : null;
  }

  async #record(tx: EntityManager, action: string, name: string, at: Instant, asker = name): Promise<void> {
    await this.#actions.record(tx, { action, operator: name, at, facts: asker === name ? {} : { by: this.nameHash(asker) } });
  }
}
