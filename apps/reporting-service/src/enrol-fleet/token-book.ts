import { randomBytes } from 'node:crypto';
import type { EnrolmentToken, TokenTerms, TokenView, TrustAnchors } from '@mailwarden/contracts';
import type { AgentIssuer } from '@mailwarden/identity';
import { makeUserKey, textOfToken, verifyingKeyOf } from '@mailwarden/identity/enrolment';
import { instantOf, type Instant } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import { instantFrom } from '../schema/instants.js';
import type { OperatorActions } from '../sign-in/operator-actions.js';

const ID_BYTES = 8;
const MS_PER_S = 1_000;
/** Tokens that a list shows, the newest first. */
const SHOWN_MAX = 200;

type Kept = Omit<TokenTerms, 'lifeSeconds'>;
interface TokenRow {
  readonly id: string;
  readonly verifying_key: string;
  readonly terms: Kept;
  readonly used: number;
  readonly made_by: string;
  readonly made_at: Date;
  readonly expires_at: Date;
  readonly withdrawn_at: Date | null;
}

/** One token as a request is judged by it. */
export interface KnownToken {
  readonly id: string;
  /** What the request's first signature is checked by. */
  readonly verifyingKey: string;
  readonly terms: Kept;
  readonly state: TokenView['state'];
}

/** What every token tells a new server. */
export interface Installation {
  readonly urls: readonly string[];
  readonly ca: string;
  readonly trust: TrustAnchors;
}

function stateOf(row: TokenRow, nowMs: number): TokenView['state'] {
  if (row.withdrawn_at !== null) return 'withdrawn';
  if (row.expires_at.getTime() <= nowMs) return 'expired';
  return row.used >= row.terms.uses ? 'used-up' : 'open';
}

const viewOf = (row: TokenRow, nowMs: number): TokenView => ({ ...row.terms, id: row.id, used: row.used, madeBy: row.made_by, madeAt: instantFrom(row.made_at), expiresAt: instantFrom(row.expires_at), state: stateOf(row, nowMs) });

/** Tokens that servers enrol by. Safety: the secret half of a token is in the answer to whoever made it, and nowhere else. */
export class TokenBook {
  constructor(
    private readonly dataSource: DataSource,
    private readonly actions: OperatorActions,
    private readonly issuer: Pick<AgentIssuer, 'enrolment'>,
    private readonly installation: () => Promise<Installation>,
  ) {}

  async make({ lifeSeconds, ...terms }: TokenTerms, by: string): Promise<{ readonly token: string; readonly view: TokenView }> {
    const nowMs = Date.now();
    const [at, expiresAt] = [instantOf(nowMs), instantOf(nowMs + lifeSeconds * MS_PER_S)];
    const id = randomBytes(ID_BYTES).toString('hex');
    const { seed, busKey } = makeUserKey();
    const { urls, ca, trust } = await this.installation();
    const token: EnrolmentToken = { schema: 'mailwarden/enrolment-token/v1', id, urls: [...urls], ca, trust, jwt: await this.issuer.enrolment(id, busKey, Date.parse(expiresAt)), seed, expiresAt };
    const view = await this.dataSource.transaction(async (tx) => {
      const [row] = await tx.query<TokenRow[]>(`INSERT INTO reporting.enrolment_token (id, verifying_key, terms, made_by, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`, [id, verifyingKeyOf(busKey), JSON.stringify(terms), by, at, expiresAt]);
      await this.actions.record(tx, { action: 'enrolment-token-made', operator: by, at, facts: { token: id, uses: terms.uses, approval: terms.approval } });
      return viewOf(row as TokenRow, nowMs);
    });
    return { token: textOfToken(token), view };
  }

  async list(): Promise<TokenView[]> {
    const rows = await this.dataSource.query<TokenRow[]>(`SELECT * FROM reporting.enrolment_token ORDER BY made_at DESC LIMIT ${SHOWN_MAX}`);
    const nowMs = Date.now();
    return rows.map((row) => viewOf(row, nowMs));
  }

  /** Takes a token back: nobody enrols by it any more. Returns false where there is none, or it was taken back before. */
  async withdraw(id: string, by: string): Promise<boolean> {
    const at = instantOf(Date.now());
    return this.dataSource.transaction(async (tx) => {
      const [rows] = await tx.query<[unknown[], number]>(`UPDATE reporting.enrolment_token SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL RETURNING id`, [id, at]);
      if (rows.length === 0) return false;
      await this.actions.record(tx, { action: 'enrolment-token-withdrawn', operator: by, at, facts: { token: id } });
      return true;
    });
  }

  /** Reads a token and keeps others from spending it until the transaction ends. */
  async lock(tx: EntityManager, id: string, now: Instant): Promise<KnownToken | null> {
    const [row] = await tx.query<TokenRow[]>(`SELECT * FROM reporting.enrolment_token WHERE id = $1 FOR UPDATE`, [id]);
    return row === undefined ? null : { id, verifyingKey: row.verifying_key, terms: row.terms, state: stateOf(row, Date.parse(now)) };
  }

  async spend(tx: EntityManager, id: string): Promise<void> {
    await tx.query(`UPDATE reporting.enrolment_token SET used = used + 1 WHERE id = $1`, [id]);
  }
}
