import { scopeKey, scopesOf, type AssessedFinding, type ConsentEntry } from '@mailwarden/contracts';
import { epochMsOf } from '@mailwarden/kernel';
import type { AttestedServer } from './convergence.js';

/** A decision that a server has not applied so long after it was published is late. Units: milliseconds. */
export const LATE_AFTER_MS = 60_000;

/** Entries of a server's scopes that it has not attested, each published long enough ago. */
function lateEntries(entries: readonly ConsentEntry[], { server, labels, attestation }: AttestedServer, nowMs: number): ConsentEntry[] {
  const scopes = new Set(scopesOf(server, labels).map(scopeKey));
  return entries.filter(({ scope, revision, publishedAt }) => scopes.has(scopeKey(scope)) && (attestation?.revisions[scopeKey(scope)] ?? 0) < revision && nowMs - epochMsOf(publishedAt) > LATE_AFTER_MS);
}

/** What is to be found of a server that decisions have not reached in time; null where it is not late. */
export function lateFinding(entries: readonly ConsentEntry[], server: AttestedServer, nowMs: number): AssessedFinding | null {
  const late = lateEntries(entries, server, nowMs);
  const [oldest] = late.map(({ publishedAt }) => publishedAt).sort();
  if (oldest === undefined) return null;
  const scopes = late.map(({ scope }) => scopeKey(scope)).sort().join(', ');
  return {
    code: 'consent-not-converged',
    severity: 'high',
    store: null,
    subject: '',
    message: `decisions for ${scopes} have not been applied on this server, the oldest since ${oldest}; it may still act on those before`,
    advice: server.heard ? 'look into the log of mailwarden-agent on the server: it is heard, and has not said that it applied them' : 'check that mailwarden-agent runs on the server and that it reaches the bus',
    source: 'attestations',
  };
}
