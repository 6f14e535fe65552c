import type { EntryIndex } from '@mailwarden/consent';
import type { AssessedFinding } from '@mailwarden/contracts';
import { epochMsOf } from '@mailwarden/kernel';
import type { AttestedServer } from './convergence.js';

/** A decision that a server has not applied so long after it was published is late. Units: milliseconds. */
export const LATE_AFTER_MS = 60_000;

/** Entries of a server's scopes that it has not attested, each published long enough ago, and the server long enough in the scope. */
const lateEntries = (entries: EntryIndex, { server, labels, since, attestation }: AttestedServer, nowMs: number): ReturnType<EntryIndex['of']> =>
  entries.of(server, labels).filter(({ scope, entry }) => (attestation?.revisions[scope] ?? 0) < entry.revision && nowMs - Math.max(epochMsOf(entry.publishedAt), epochMsOf(since)) > LATE_AFTER_MS);

/** What is to be found of a server that decisions have not reached in time; null where it is not late. */
export function lateFinding(entries: EntryIndex, server: AttestedServer, nowMs: number): AssessedFinding | null {
  const late = lateEntries(entries, server, nowMs);
  const [oldest] = late.map(({ entry }) => entry.publishedAt).sort();
  if (oldest === undefined) return null;
  const scopes = late.map(({ scope }) => scope).sort().join(', ');
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
