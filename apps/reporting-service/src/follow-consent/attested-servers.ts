import type { Attestation, Labels } from '@mailwarden/contracts';
import type { ServerName } from '@mailwarden/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import { instantFrom, instantOrNull } from '../schema/instants.js';
import type { AttestedServer } from './convergence.js';

/** Every active server with its agent's newest attestation, or one of them. */
export async function attestedServers(database: DataSource | EntityManager, server: string | null = null): Promise<AttestedServer[]> {
  const rows = await database.query<{ name: ServerName; labels: Labels; agent_state: string; since: Date; document: Attestation | null; revisions_since: Date | null }[]>(
    `SELECT s.name, s.labels, s.agent_state, s.since, a.document, a.revisions_since
     FROM reporting.server s LEFT JOIN reporting.attestation a ON a.server = s.name WHERE s.status = 'active' AND ($1::text IS NULL OR s.name = $1) ORDER BY s.name`,
    [server],
  );
  return rows.map((row) => ({ server: row.name, labels: row.labels, heard: row.agent_state === 'live', since: instantFrom(row.since), attestation: row.document, revisionsSince: instantOrNull(row.revisions_since) }));
}
