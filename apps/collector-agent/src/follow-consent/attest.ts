import { desiredKsn, effectiveConsent, EntryIndex, isWithin } from '@mailwarden/consent';
import { scopeKey, type Attestation, type ConsentEntry, type KsnState, type Observation } from '@mailwarden/contracts';
import { unknown, type Instant, type Measured, type ServerName } from '@mailwarden/kernel';

function isCompliant(desired: KsnState, actual: Measured<KsnState>): boolean | null {
  return actual.known ? isWithin(actual.value, desired) : null;
}

/** The agent's word on what it applied and sees, from the newest consent entries and its newest observations. */
export function attest(parts: {
  server: ServerName;
  labels: Readonly<Record<string, string>>;
  entries: readonly ConsentEntry[];
  observations: readonly Observation[];
  at: Instant;
}): Attestation {
  const seen = parts.observations.find((observation) => observation.agreements.length > 0);
  const agreements = seen?.agreements.map(({ id, textSha256 }) => ({ id, textSha256 })) ?? [];
  const entries = new EntryIndex(parts.entries);
  const effective = effectiveConsent({ entries, server: parts.server, labels: parts.labels, agreements, at: entries.judgedAt(parts.at) });
  const desired = desiredKsn(effective);
  const actual = seen?.ksn ?? unknown('this server was not measured yet');
  return {
    schema: 'mailwarden/attestation/v1',
    server: parts.server,
    revisions: Object.fromEntries(parts.entries.map((entry) => [scopeKey(entry.scope), entry.revision])),
    agreements: effective.map(({ agreement, state, because }) => ({ agreement, state, because })),
    ksn: { desired, actual },
    compliant: isCompliant(desired, actual),
    appliedAt: parts.at,
  };
}
