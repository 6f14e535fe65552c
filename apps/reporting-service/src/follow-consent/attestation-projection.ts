import type { Attestation } from '@mailwarden/contracts';
import type { Instant } from '@mailwarden/kernel';
import type { EntityManager } from 'typeorm';

/** Keeps each agent's newest word on the consent that it applied, and since when it has applied just that. */
export class AttestationProjection {
  async keep(tx: EntityManager, attestation: Attestation, received: { sequence: number; at: Instant }): Promise<void> {
    await tx.query(
      `INSERT INTO reporting.attestation (server, sequence, applied_at, revisions_since, received_at, document) VALUES ($1, $2, $3, $3, $4, $5)
       ON CONFLICT (server) DO UPDATE SET sequence = excluded.sequence, applied_at = excluded.applied_at, received_at = excluded.received_at,
         revisions_since = CASE WHEN attestation.document -> 'revisions' = excluded.document -> 'revisions' THEN attestation.revisions_since ELSE excluded.applied_at END, document = excluded.document
       WHERE excluded.sequence > attestation.sequence OR excluded.applied_at > attestation.applied_at`,
      [attestation.server, received.sequence, attestation.appliedAt, received.at, JSON.stringify(attestation)],
    );
  }
}
