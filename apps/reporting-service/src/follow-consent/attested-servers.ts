import type { Attestation, Labels } from '@mailwarden/contracts';
import type { ServerName } from '@mailwarden/kernel';
import type { DataSource } from 'typeorm';
import { instantOrNull } from '../schema/instants.js';
import type { AttestedServer } from './convergence.js';

/** Every active server with its agent's newest attestation. */
export async function attestedServers(dataSource: DataSource): Promise<AttestedServer[]> {
  const rows = await dataSource.query<{ name: ServerName; labels: Labels; agent_state: string; document: Attestation | null; revisions_since: Date | null }[]>(
    `SELECT s.name, s.labels, s.agent_state, a.document, a.revisions_since
     FROM reporting.server s LEFT JOIN reporting.attestation a ON a.server = s.name WHERE s.status = 'active' ORDER BY s.name`,
  );
  return rows.map((row) => ({ server: row.name, labels: row.labels, heard: row.agent_state === 'live', attestation: row.document, revisionsSince: instantOrNull(row.revisions_since) }));
}
