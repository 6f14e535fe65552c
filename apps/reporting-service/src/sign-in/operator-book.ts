import type { OperatorView } from '@mailwarden/contracts';
import { instantOf, sha256, type Instant } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import type { Role } from '../http/route.js';
import { secret, type SessionBook } from './session-book.js';

/** How long a link may lie in somebody's mail. Units: milliseconds. */
const LINK_MS = 24 * 3_600_000;

/** Name and role of whoever uses the one-time link that `mailwarden up` prints, and of the command line of that machine: one person, who counts once wherever two must agree. */
export const FIRST_OPERATOR = { name: 'administrator', role: 'administrator' } as const;

interface Row {
  readonly name: string;
  readonly role: Role;
  readonly has_password: boolean;
  readonly link_until: Date | null;
}

/** Who may sign in beside the first operator. Each comes in by a link of their own, once, and sets a password there. */
export class OperatorBook {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sessions: SessionBook,
  ) {}

  async list(): Promise<OperatorView[]> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT coalesce(o.name, l.name) AS name, coalesce(o.role, l.role) AS role, o.name IS NOT NULL AS has_password, l.expires_at AS link_until
       FROM reporting.operator o FULL JOIN (SELECT * FROM reporting.operator_link WHERE expires_at > now()) l ON l.name = o.name ORDER BY 1`,
    );
    return rows.map(({ name, role, has_password, link_until }) => ({ name, role, hasPassword: has_password, linkUntil: link_until === null ? null : instantOf(link_until.getTime()) }));
  }

  /**
   * Lets a person in. Whoever is known already gets a new link, with the role named now: the password and the sessions of before are void.
   * Returns the secret of the link, which is kept here only as a hash.
   */
  async add(name: string, role: Role, asker: string): Promise<{ readonly token: string; readonly until: Instant }> {
    const token = secret();
    const until = instantOf(Date.now() + LINK_MS);
    await this.sessions.shutOut(name, 'operator-added', asker, (tx) =>
      tx.query(
        `INSERT INTO reporting.operator_link (name, role, token_hash, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET role = excluded.role, token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
        [name, role, sha256(token), until],
      ),
    );
    return { token, until };
  }

  /** Takes a person's way in, and ends their sessions. Returns false when nobody has the name. */
  async remove(name: string, asker: string): Promise<boolean> {
    if (!(await this.list()).some((operator) => operator.name === name)) return false;
    await this.sessions.shutOut(name, 'operator-removed', asker, (tx) => tx.query(`DELETE FROM reporting.operator_link WHERE name = $1`, [name]));
    return true;
  }

  /** Uses a link up. Returns whose it was; null when it is none, or was used, or is too old. */
  async consume(given: string): Promise<{ readonly name: string; readonly role: Role } | null> {
    const [rows] = await this.dataSource.query<[{ name: string; role: Role }[], number]>(`DELETE FROM reporting.operator_link WHERE token_hash = $1 AND expires_at > now() RETURNING name, role`, [sha256(given)]);
    return rows[0] ?? null;
  }
}
