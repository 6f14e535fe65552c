import { eventType, MESSAGE_TYPES, subjects, type Evidence, type EventName, type EventPayload } from '@mailwarden/contracts';
import { canonicalJson, instantOf, sha256, type Severity } from '@mailwarden/kernel';
import { enqueue } from '@mailwarden/persistence';
import type { EntityManager } from 'typeorm';

/** Says that something happened, when the running transaction commits. */
export async function raise<N extends EventName>(tx: EntityManager, name: N, event: { id: string; server: string; severity: Severity; atMs: number; detail: EventPayload<N> }): Promise<void> {
  const { id, server, severity, atMs, detail } = event;
  await enqueue(tx, { id, subject: subjects.event(name, severity, server), type: eventType(name), data: { event: name, server, severity, at: instantOf(atMs), detail } });
}

/** Asks the ledger to keep something. Privacy: who decided stands in the document, of which the ledger gets the hash. */
export async function attest(tx: EntityManager, about: { kind: Evidence['kind']; id: string; atMs: number; document: unknown; facts: Evidence['facts'] }): Promise<void> {
  const { kind, id, atMs, document, facts } = about;
  const evidence: Evidence = { schema: 'mailwarden/evidence/v1', kind, id: id.slice(0, 100), service: 'rotation', at: instantOf(atMs), documentSha256: sha256(canonicalJson(document)), facts };
  await enqueue(tx, { id: `evidence-${kind}-${id}`, subject: subjects.evidence('rotation'), type: MESSAGE_TYPES.evidence, data: evidence });
}
