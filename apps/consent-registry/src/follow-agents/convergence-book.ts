import { eventType, scopeKey, scopesOf, subjects, type Attestation, type ConsentScope } from '@mailwarden/contracts';
import { instantOf } from '@mailwarden/kernel';
import type { FleetKeyring } from '@mailwarden/messaging';
import { enqueue } from '@mailwarden/persistence';
import type { EntityManager } from 'typeorm';

interface OpenScope {
  readonly scope_key: string;
  readonly scope: ConsentScope;
  readonly revision: string;
  readonly document: { payload: { publishedAt: string; decisions: { agreement: string; decidedAt: string }[] } };
}

/** Keeps what each agent attested, and says once when all servers of a scope have applied its newest revision. */
export class ConvergenceBook {
  constructor(private readonly keyring: FleetKeyring) {}

  async keep(tx: EntityManager, attestation: Attestation): Promise<void> {
    await tx.query(
      `INSERT INTO consent.attested (server, applied_at, revisions) VALUES ($1, $2, $3) ON CONFLICT (server) DO UPDATE SET applied_at = excluded.applied_at, revisions = excluded.revisions WHERE excluded.applied_at >= attested.applied_at`,
      [attestation.server, attestation.appliedAt, JSON.stringify(attestation.revisions)],
    );
    const open = await tx.query<OpenScope[]>(`SELECT scope_key, scope, revision, document FROM consent.scope WHERE converged_revision < revision`);
    if (open.length === 0) return;
    const attested = await tx.query<{ server: string; revisions: Record<string, number> }[]>(`SELECT server, revisions FROM consent.attested`);
    const applied = new Map(attested.map((row) => [row.server, row.revisions]));
    for (const scope of open) await this.#close(tx, scope, applied);
  }

  async #close(tx: EntityManager, scope: OpenScope, applied: ReadonlyMap<string, Record<string, number>>): Promise<void> {
    const servers = this.keyring.members().filter(({ server, labels }) => scopesOf(server, labels).some((own) => scopeKey(own) === scope.scope_key));
    const revision = Number(scope.revision);
    if (servers.length === 0 || !servers.every(({ server }) => (applied.get(server)?.[scope.scope_key] ?? 0) >= revision)) return;
    const now = Date.now();
    const { publishedAt, decisions } = scope.document.payload;
    const newest = [...decisions].sort((a, b) => (a.decidedAt < b.decidedAt ? 1 : -1))[0];
    await tx.query(`UPDATE consent.scope SET converged_revision = $2 WHERE scope_key = $1`, [scope.scope_key, revision]);
    await enqueue(tx, {
      id: `converged-${scope.scope_key}-${revision}`,
      subject: subjects.event('consent.converged', 'info', 'fleet'),
      type: eventType('consent.converged'),
      data: { event: 'consent.converged', server: 'fleet', severity: 'info', at: instantOf(now), detail: { agreement: newest?.agreement ?? 'none', scope: scope.scope_key, servers: servers.length, milliseconds: Math.max(0, now - Date.parse(publishedAt)) } },
    });
  }
}
