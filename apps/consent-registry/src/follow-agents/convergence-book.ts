import { eventType, scopeKey, scopesOf, subjects, type Attestation } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { FleetKeyring } from '@mailwarden/messaging';
import { enqueue } from '@mailwarden/persistence';
import type { EntityManager } from 'typeorm';

interface OpenScope {
  readonly scope_key: string;
  readonly revision: string;
  readonly document: { payload: { publishedAt: string; decisions: { agreement: string; decidedAt: string }[] } };
}

/** A server that has not applied a revision yet. While it has not, nobody else's word can end the waiting. */
interface Laggard {
  readonly server: string;
  readonly revision: number;
}

/** Keeps what each agent attested, and says once when all servers of a scope have applied its newest revision. */
export class ConvergenceBook {
  readonly #laggards = new Map<string, Laggard>();

  constructor(private readonly keyring: FleetKeyring) {}

  /** `sequence` is the agent's own numbering; a smaller number with a later clock is an agent whose numbering began anew. */
  async keep(tx: EntityManager, attestation: Attestation, sequence: number): Promise<void> {
    const { server, appliedAt, revisions } = attestation;
    await tx.query(
      `INSERT INTO consent.attested (server, applied_at, revisions, sequence) VALUES ($1, $2, $3, $4) ON CONFLICT (server) DO UPDATE SET applied_at = excluded.applied_at, revisions = excluded.revisions, sequence = excluded.sequence WHERE excluded.sequence > attested.sequence OR excluded.applied_at > attested.applied_at`,
      [server, appliedAt, JSON.stringify(revisions), sequence],
    );
    const labels = this.keyring.labelsOf(server);
    if (labels === undefined) return;
    const waiting = scopesOf(server, labels).map(scopeKey).filter((scope) => this.#mayClose(scope, server, revisions));
    if (waiting.length > 0) await this.#lookAt(tx, waiting);
  }

  /** Every scope that waits: its last server may have left the fleet, or another instance have heard the word that it waited for. */
  async lookAtAll(tx: EntityManager): Promise<void> {
    const open = await tx.query<{ scope_key: string }[]>(`SELECT scope_key FROM consent.scope WHERE converged_revision < revision`);
    if (open.length > 0) await this.#lookAt(tx, open.map((row) => row.scope_key));
  }

  #mayClose(scope: string, server: string, revisions: Attestation['revisions']): boolean {
    const laggard = this.#laggards.get(scope);
    const applied = revisions[scope] ?? 0;
    return laggard === undefined || applied > laggard.revision || (laggard.server === server && applied >= laggard.revision);
  }

  /** Scopes are locked, so that of two last words that come at once one sees the other. */
  async #lookAt(tx: EntityManager, scopes: readonly string[]): Promise<void> {
    const open = await tx.query<OpenScope[]>(`SELECT scope_key, revision, document FROM consent.scope WHERE converged_revision < revision AND scope_key = ANY($1) ORDER BY scope_key FOR UPDATE`, [scopes]);
    for (const scope of open) await this.#close(tx, scope);
  }

  async #close(tx: EntityManager, scope: OpenScope): Promise<void> {
    const key = scope.scope_key;
    const revision = Number(scope.revision);
    const servers = this.keyring.members().filter(({ server, labels }) => scopesOf(server, labels).some((own) => scopeKey(own) === key)).map(({ server }) => server);
    const [behind] = await tx.query<{ server: string }[]>(
      `SELECT m.server FROM unnest($1::text[]) AS m (server) LEFT JOIN consent.attested a ON a.server = m.server WHERE coalesce((a.revisions ->> $2)::bigint, 0) < $3 LIMIT 1`,
      [servers, key, revision],
    );
    if (behind !== undefined) return void this.#laggards.set(key, { server: behind.server, revision });
    this.#laggards.delete(key);
    await tx.query(`UPDATE consent.scope SET converged_revision = $2 WHERE scope_key = $1`, [key, revision]);
    if (servers.length > 0) await this.#tell(tx, scope, servers.length);
  }

  async #tell(tx: EntityManager, { scope_key: scope, revision, document }: OpenScope, servers: number): Promise<void> {
    const now = Date.now();
    const { publishedAt, decisions } = document.payload;
    const newest = [...decisions].sort((a, b) => (a.decidedAt < b.decidedAt ? 1 : -1))[0];
    await enqueue(tx, {
      id: `converged-${scope}-${Number(revision)}`,
      subject: subjects.event('consent.converged', 'info', 'fleet'),
      type: eventType('consent.converged'),
      data: { event: 'consent.converged', server: 'fleet', severity: 'info', at: instantOf(now), detail: { agreement: newest?.agreement ?? 'none', scope, servers, milliseconds: Math.max(0, now - Date.parse(publishedAt)) } },
    });
  }
}
